#include "retort/kernel/segment_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "retort/kernel/cpu/engine.h"

namespace retort::kernel {

namespace {

// The logits of one sequence, `stride` floats apart.
struct Segment {
  const float* logits;
  int64_t count, stride;

  std::vector<double> log_probabilities(double temperature) const {
    std::vector<double> values(static_cast<size_t>(count));
    double highest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      values[i] = logits[i * stride] / temperature;
      highest = std::max(highest, values[i]);
    }
    for (const double value : values) sum += std::exp(value - highest);
    for (double& value : values) value -= highest + std::log(sum);
    return values;
  }
  double log_normalizer() const {
    double highest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; ++i) highest = std::max(highest, static_cast<double>(logits[i * stride]));
    for (int64_t i = 0; i < count; ++i) sum += std::exp(logits[i * stride] - highest);
    return highest + std::log(sum);
  }
};

Segment segment_of(const at::Tensor& logits, int64_t column, const TokenRows& rows, int64_t sequence) {
  const int64_t stride = logits.dim() == 1 ? 1 : logits.size(1), first = rows.starts[sequence];
  return {logits.data_ptr<float>() + first * stride + column, rows.starts[sequence + 1] - first, stride};
}

}  // namespace

SegmentLossResult CpuEngine::segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                                   const IndexList& targets) const {
  const at::Tensor normalizers = at::empty({targets.size()}, at::kDouble);
  double total = 0;
  for (int64_t b = 0; b < targets.size(); ++b) {
    if (targets.host[b] == kNoLabel) continue;
    const Segment segment = segment_of(logits, column, rows, b);
    const double normalizer = normalizers.data_ptr<double>()[b] = segment.log_normalizer();
    total += normalizer - segment.logits[targets.host[b] * segment.stride];
  }
  return {at::scalar_tensor(static_cast<float>(total), at::kFloat), normalizers};
}

at::Tensor CpuEngine::segment_cross_entropy_backward(const at::Tensor& grad, const at::Tensor& logits, int64_t column,
                                                     const TokenRows& rows, const IndexList& targets,
                                                     const SegmentLossResult& result) const {
  const float scale = *grad.data_ptr<float>();
  at::Tensor gradient = at::zeros(logits.sizes(), at::kFloat);
  for (int64_t b = 0; b < targets.size(); ++b) {
    if (targets.host[b] == kNoLabel) continue;
    const Segment segment = segment_of(logits, column, rows, b);
    const double normalizer = result.normalizers.data_ptr<double>()[b];
    float* row = gradient.data_ptr<float>() + (segment.logits - logits.data_ptr<float>());
    for (int64_t i = 0; i < segment.count; ++i)
      row[i * segment.stride] = scale * static_cast<float>(std::exp(segment.logits[i * segment.stride] - normalizer));
    row[targets.host[b] * segment.stride] -= scale;
  }
  return gradient;
}

LossResult CpuEngine::segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                         const SegmentDivergenceOptions& options) const {
  at::Tensor gradient = at::empty(student.sizes(), at::kFloat);
  const double factor = options.factor;
  double total = 0;
  for (int64_t b = 0; b < rows.sequences(); ++b)
    for (int64_t column = 0; column < student.size(1); ++column) {
      const Segment segment = segment_of(student, column, rows, b);
      const auto own = segment.log_probabilities(options.temperature),
                 target = segment_of(teacher, column, rows, b).log_probabilities(options.temperature);
      float* out = gradient.data_ptr<float>() + (segment.logits - student.data_ptr<float>());
      for (int64_t i = 0; i < segment.count; ++i) {
        const double p = std::exp(target[i]);
        total += factor * p * ((options.with_entropy ? 0 : target[i]) - own[i]);
        out[i * segment.stride] = static_cast<float>(factor / options.temperature * (std::exp(own[i]) - p));
      }
    }
  return {.total = at::scalar_tensor(static_cast<float>(total), at::kFloat), .gradient = gradient};
}

}  // namespace retort::kernel
