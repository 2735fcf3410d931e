#include "retort/kernel/softmax_loss.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>

#include <numeric>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

namespace {

struct HostSums {
  double hard = 0, soft = 0, squared = 0;
};

// Returns the sums of the losses over the rows and fills gradient [N, C] when it is defined.
template <typename T>
HostSums softmax_loss_rows(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
                           const SoftmaxLossOptions& options, const at::Tensor& gradient) {
  const int64_t rows = logits.size(0);
  std::vector<float> hard(static_cast<size_t>(rows)), soft(hard.size()), squared(hard.size());
  cpu::SoftmaxLoss<T> a;
  a.width = logits.size(1);
  a.logits = cpu::data_ptr<T>(logits), a.teacher = cpu::data_ptr<T>(teacher);
  a.labels = options.hard_weight != 0 ? labels.data() : nullptr;
  a.temperature = static_cast<float>(options.temperature);
  a.hard_weight = static_cast<float>(options.hard_weight), a.soft_weight = static_cast<float>(options.soft_weight);
  a.squared_weight = static_cast<float>(options.squared_weight);
  a.gradient = cpu::data_ptr<T>(gradient);
  a.hard = hard.data(), a.soft = soft.data(), a.squared = squared.data();
  parallel_for(rows, 1, [&](int64_t begin, int64_t end) { cpu::kernels<T>().softmax_loss(a, begin, end); });
  const auto total = [](const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  return {total(hard), total(soft), total(squared)};
}

}  // namespace

LossResult CpuEngine::softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                                   const SoftmaxLossOptions& options, bool with_gradient) const {
  LossResult result;
  if (with_gradient) result.gradient = at::empty_like(logits);
  HostSums sums;
  cpu::dispatch_element_type(logits, [&](auto element) {
    sums = softmax_loss_rows<decltype(element)>(logits, teacher, labels.host, options, result.gradient);
  });
  const double total =
      options.hard_weight * sums.hard + options.soft_weight * sums.soft + options.squared_weight * sums.squared;
  result.total = at::scalar_tensor(static_cast<float>(total), at::kFloat);
  result.sums = {at::scalar_tensor(sums.hard, at::kDouble), at::scalar_tensor(sums.soft, at::kDouble),
                 at::scalar_tensor(sums.squared, at::kDouble)};
  return result;
}

at::Tensor CpuEngine::scaled(const at::Tensor& gradient, const at::Tensor& factor) const {
  at::Tensor result = gradient;
  const float scale = *factor.data_ptr<float>();
  return scale == 1 ? result : result.mul_(scale);
}

}  // namespace retort::kernel
