// Tensors of zeros that take memory page by page, as they are written.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace retort::kernel {

// A tensor [count] of zeros on the device of the process. On the processor each page takes memory only when it is first
// written. Pages are huge where the
// system grants them, but small in the first `sparse_elements`, of which many may never be written.
at::Tensor zeros_on_demand(int64_t count, at::ScalarType type, int64_t sparse_elements = 0);

// Sets the values, a contiguous part of such a tensor, to zero and, on the processor, gives their whole pages back to
// the system.
void release_pages(const at::Tensor& values);

}  // namespace retort::kernel
