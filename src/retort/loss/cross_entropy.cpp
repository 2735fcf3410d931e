#include "retort/loss/cross_entropy.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/softmax_loss.h"

namespace retort::loss {

namespace {

// One softmax over `count` logits that lie `stride` floats apart.
struct Distribution {
  const float* logits;
  int64_t count, stride;
  int64_t target;

  double log_normalizer() const {
    double highest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; ++i) highest = std::max(highest, static_cast<double>(logits[i * stride]));
    for (int64_t i = 0; i < count; ++i) sum += std::exp(logits[i * stride] - highest);
    return highest + std::log(sum);
  }
};

// The sum of -log p[target] over distributions in one tensor, and its gradient p - 1[target].
at::Tensor sum_of_losses(const at::Tensor& logits, std::vector<Distribution> distributions, const at::Tensor& holder) {
  const kernel::OperationTimer timer(kernel::Operation::kLoss);
  double total = 0;
  std::vector<double> normalizers;
  for (const Distribution& d : distributions) {
    normalizers.push_back(d.log_normalizer());
    total += normalizers.back() - d.logits[d.target * d.stride];
  }
  at::Tensor sum = at::empty({}, at::kFloat);
  *sum.data_ptr<float>() = static_cast<float>(total);
  if (!kernel::is_grad_enabled()) return sum;
  return kernel::attach_backward(
      sum, {logits}, [holder, distributions, normalizers](const at::Tensor& grad) -> std::vector<at::Tensor> {
        const kernel::OperationTimer backward_timer(kernel::Operation::kLoss);
        const float scale = *grad.data_ptr<float>();
        at::Tensor result = at::zeros(holder.sizes(), at::kFloat);
        const float* base = holder.data_ptr<float>();
        float* out = result.data_ptr<float>();
        for (size_t n = 0; n < distributions.size(); ++n) {
          const Distribution& d = distributions[n];
          float* row = out + (d.logits - base);
          for (int64_t i = 0; i < d.count; ++i)
            row[i * d.stride] = scale * static_cast<float>(std::exp(d.logits[i * d.stride] - normalizers[n]));
          row[d.target * d.stride] -= scale;
        }
        return {result};
      });
}

at::Tensor as_plain_float(const at::Tensor& x) { return x.detach().to(at::kFloat).contiguous(); }

// Column `column` of logits [T, stride].
LossSum column_loss(const at::Tensor& logits, int64_t stride, int64_t column, std::span<const int32_t> starts,
                    std::span<const int32_t> targets) {
  const at::Tensor plain = as_plain_float(logits);
  std::vector<Distribution> distributions;
  for (size_t b = 0; b < targets.size(); ++b) {
    const int64_t length = starts[b + 1] - starts[b];
    if (targets[b] == kIgnored) continue;
    RETORT_CHECK(targets[b] >= 0 && targets[b] < length, "position {} in a sequence of {} tokens", targets[b], length);
    distributions.push_back({plain.data_ptr<float>() + starts[b] * stride + column, length, stride, targets[b]});
  }
  const auto count = static_cast<double>(distributions.size());
  return {sum_of_losses(logits, std::move(distributions), plain), count};
}

}  // namespace

LossSum cross_entropy(const at::Tensor& logits, std::span<const int32_t> labels) {
  const auto count =
      static_cast<double>(std::count_if(labels.begin(), labels.end(), [](int32_t l) { return l != kIgnored; }));
  return {kernel::softmax_loss(logits, at::Tensor(), labels, {.hard_weight = 1}), count};
}

LossSum position_cross_entropy(const at::Tensor& logits, std::span<const int32_t> starts,
                               std::span<const int32_t> targets) {
  return column_loss(logits, 1, 0, starts, targets);
}

LossSum span_loss(const at::Tensor& logits, std::span<const int32_t> starts, std::span<const int32_t> start_positions,
                  std::span<const int32_t> end_positions) {
  const LossSum start = column_loss(logits, 2, 0, starts, start_positions),
                end = column_loss(logits, 2, 1, starts, end_positions);
  RETORT_CHECK(start.count == end.count, "{} start positions but {} end positions are to be learned", start.count,
               end.count);
  return {(start.sum + end.sum) * 0.5, start.count};
}

LossSum squared_error(const at::Tensor& predictions, std::span<const float> targets) {
  RETORT_CHECK(predictions.numel() == static_cast<int64_t>(targets.size()), "{} predictions for {} targets",
               predictions.numel(), targets.size());
  at::Tensor expected = at::empty({static_cast<int64_t>(targets.size())}, at::kFloat);
  std::copy(targets.begin(), targets.end(), expected.data_ptr<float>());
  return {(predictions.reshape({-1}) - expected).pow(2).sum(), static_cast<double>(targets.size())};
}

}  // namespace retort::loss
