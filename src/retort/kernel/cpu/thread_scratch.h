// Memory for the inner loops of one thread.
#pragma once

#include <cstddef>

namespace retort::kernel::cpu {

// At least `bytes` that live until the thread asks again or ends, aligned to 64.
void* thread_scratch(size_t bytes);

}  // namespace retort::kernel::cpu
