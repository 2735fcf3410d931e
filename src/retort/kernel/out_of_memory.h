// What an operation throws when memory runs out, on the processor and on a device.
#pragma once

#include <exception>

namespace retort::kernel {

// Whether the error says that memory ran out. std::bad_alloc, LibTorch's errors for the processor's memory, and what
// the device's library knows as such.
bool is_out_of_memory(const std::exception& error);

// Gives back to the system what the allocators keep for later: the processor's (caching_allocator.h) and the device's.
void release_cached_memory();

}  // namespace retort::kernel
