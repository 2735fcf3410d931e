// What the fused operations share: typed pointers into tensors, dispatch on the element type, and sums over rows that
// do not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/kernel/cpu/table.h"

namespace retort::kernel::cpu {

// The elements of a contiguous tensor as T (float, Bf16 or int64_t); null for an undefined tensor.
template <typename T>
T* elements(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// Calls body(T{}) with T = float or Bf16 as the tensor's elements are.
template <typename Body>
auto with_element_type(const at::Tensor& tensor, Body&& body) {
  if (tensor.scalar_type() == at::kBFloat16) return body(Bf16{});
  RETORT_CHECK(tensor.scalar_type() == at::kFloat, "fused operations take float32 or bfloat16");
  return body(float{});
}

inline int64_t row_grain(int64_t width) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)); }

// Runs body(begin, end, partial) over blocks of rows, where partial is zeroed memory of `width` floats; returns the sum
// of the partials. The blocks depend on the row count alone and are added in order: any thread count gives equal bits.
template <typename Body>
std::vector<float> sum_over_rows(int64_t rows, int64_t width, Body&& body) {
  const int64_t block_rows = std::max<int64_t>(32, (rows + 31) / 32), blocks = (rows + block_rows - 1) / block_rows;
  std::vector<float> partials(static_cast<size_t>(std::max<int64_t>(1, blocks) * width), 0.0f);
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b)
      body(b * block_rows, std::min(rows, (b + 1) * block_rows), partials.data() + b * width);
  });
  for (int64_t b = 1; b < blocks; ++b)
    for (int64_t i = 0; i < width; ++i) partials[i] += partials[b * width + i];
  partials.resize(static_cast<size_t>(width));
  return partials;
}

// gradient += values[offset .. offset + gradient elements); nothing for a null or frozen weight.
template <typename WeightLike>
void add_to_gradient(const WeightLike* weight, const std::vector<float>& values, int64_t offset) {
  if (weight == nullptr || !weight->trainable) return;
  float* gradient = elements<float>(weight->gradient);
  for (int64_t i = 0; i < weight->gradient.numel(); ++i) gradient[i] += values[offset + i];
}

}  // namespace retort::kernel::cpu
