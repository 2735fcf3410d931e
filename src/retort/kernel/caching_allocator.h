// A caching allocator for the memory of CPU tensors. Activations of many megabytes are allocated and freed in every
// step, in sizes that change with the batch. Returning them to the system costs a page fault per 4 KiB in the next
// step; leaving them to malloc fragments its heap until it is several times larger than what is in use.
#pragma once

#include <cstdint>

namespace retort::kernel {

// Makes LibTorch allocate CPU tensors of 64 KiB and more from the cache: it rounds sizes up by at most an eighth, keeps
// freed blocks for a request of at least half their size, and returns them to the system, the least recently freed
// first, when a new block would raise the total above one and a quarter times the peak of what was in use. Call it
// once, before the first tensor; later calls do nothing. Thread-safe.
void install_caching_allocator();

// Returns all freed blocks to the system. The cache does so itself before it throws std::bad_alloc.
void release_cached_blocks();

// Makes the cache behave as if the system had no more than this for its blocks. For tests of what happens then.
void limit_allocator(int64_t most_bytes);

struct AllocatorStats {
  int64_t allocated_bytes = 0;  // of blocks that tensors hold
  int64_t cached_bytes = 0;     // of freed blocks that the cache holds
};
AllocatorStats allocator_stats();

}  // namespace retort::kernel
