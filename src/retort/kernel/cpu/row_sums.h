// Work over the rows of a matrix: how many a thread takes at once, and sums over rows that do not depend on the number
// of threads.
#pragma once

#include <algorithm>
#include <vector>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel::cpu {

// The grain size of a parallel loop over rows of `width` elements: about 16,384 elements.
inline int64_t row_grain_size(int64_t width) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)); }

// Runs body(begin, end, partial) over blocks of rows, where partial is zeroed memory of `width` floats; returns the sum
// of the partials. The blocks depend only on the row count and are added in order: any thread count gives equal bits.
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

// weight.gradient += values[offset ..]; does nothing for a null or a frozen weight.
template <typename WeightLike>
void add_to_gradient(const WeightLike* weight, const std::vector<float>& values, int64_t offset) {
  if (weight == nullptr || !weight->trainable) return;
  float* gradient = data_ptr<float>(weight->gradient);
  for (int64_t i = 0; i < weight->gradient.numel(); ++i) gradient[i] += values[offset + i];
}

}  // namespace retort::kernel::cpu
