#include "retort/kernel/softmax_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <numeric>

#include "retort/base/thread.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

namespace {

void check_inputs(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
                  const SoftmaxLossOptions& options) {
  RETORT_CHECK(logits.dim() == 2 && logits.size(1) > 0, "softmax_loss takes rows of logits");
  const bool needs_teacher = options.soft_weight != 0 || options.squared_weight != 0;
  RETORT_CHECK(!needs_teacher || (teacher.defined() && teacher.sizes() == logits.sizes()),
               "logits of the teacher must have the shape of the student's");
  if (options.hard_weight == 0) return;
  RETORT_CHECK(logits.size(0) == static_cast<int64_t>(labels.size()), "{} rows of logits for {} labels", logits.size(0),
               labels.size());
  for (const int32_t label : labels)
    RETORT_CHECK(label == kNoLabel || (label >= 0 && label < logits.size(1)), "label {} of {} classes", label,
                 logits.size(1));
}

// Returns the sums of the losses over the rows and fills gradient [N, C] when it is defined.
template <typename T>
SoftmaxLossSums run_rows(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
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

// Multiplies the stored gradient by the gradient of the total, in place, since autograd calls this once.
at::Tensor scaled(at::Tensor gradient, float scale) {
  if (scale != 1) gradient.mul_(scale);
  return gradient;
}

}  // namespace

at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
                        const SoftmaxLossOptions& options, SoftmaxLossSums* sums) {
  check_inputs(logits, teacher, labels, options);
  if (implementation() == Implementation::kReference)
    return reference::softmax_loss(logits, teacher, labels, options, sums);
  const at::Tensor plain = logits.detach().contiguous(),
                   targets = teacher.defined() ? teacher.detach().to(plain.scalar_type()).contiguous() : at::Tensor(),
                   gradient = is_grad_enabled() ? at::empty_like(plain) : at::Tensor();
  SoftmaxLossSums found;
  {
    const OperationTimer timer(Operation::kLoss);
    cpu::dispatch_element_type(
        plain, [&](auto element) { found = run_rows<decltype(element)>(plain, targets, labels, options, gradient); });
  }
  if (sums) *sums = found;
  at::Tensor total = at::empty({}, at::kFloat);
  *total.data_ptr<float>() = static_cast<float>(options.hard_weight * found.hard + options.soft_weight * found.soft +
                                                options.squared_weight * found.squared);
  if (!gradient.defined()) return total;
  return attach_backward(total, {logits}, [gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
    const OperationTimer timer(Operation::kLoss);
    return {scaled(gradient, *grad.data_ptr<float>())};
  });
}

}  // namespace retort::kernel
