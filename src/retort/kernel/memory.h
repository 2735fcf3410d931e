// Memory of tensors on the CPU, kept between steps. Activations of many megabytes are allocated and freed in every
// step, in sizes that change with the batch. Giving them back to the system costs a page fault per 4 KiB in the next
// step; leaving them to malloc's heap fragments it until it is several times larger than what is in use.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace retort::kernel {

// From now on blocks of 64 KiB and more come from a pool: sizes are rounded up by at most an eighth, freed blocks wait
// for a request of at least half their size, and go back to the system, the longest unused first, when a new block
// would raise the whole above one and a quarter times the most that has been in use. Call it once, before the first
// tensor; calls after the first do nothing. Thread-safe.
void keep_tensor_memory();

// A tensor [count] of zeros, each page of which takes memory only when it is first written. Pages are large where the
// system grants them, but small in the first `sparse_elements`, which may never be written in many places.
at::Tensor zeros_on_demand(int64_t count, at::ScalarType type, int64_t sparse_elements = 0);

struct TensorMemory {
  int64_t bytes_in_use = 0;   // of blocks handed out
  int64_t bytes_waiting = 0;  // of blocks freed and kept
};
TensorMemory tensor_memory();

}  // namespace retort::kernel
