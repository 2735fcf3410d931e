// Scratch memory of a thread, for its kernels.
#pragma once

#include <cstddef>

namespace retort::kernel::cpu {

// Returns at least `bytes` bytes, aligned to 64, which stay valid until the thread calls it again or ends.
void* thread_scratch(size_t bytes);

}  // namespace retort::kernel::cpu
