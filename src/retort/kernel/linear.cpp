#include "retort/kernel/linear.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/support.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

namespace {

void add_weight_gradient(const Weight& weight, const at::Tensor& grad, const at::Tensor& x) {
  at::Tensor total = weight.gradient;
  if (grad.scalar_type() == at::kFloat) {
    total.addmm_(grad.t(), x);
    return;
  }
  const at::Tensor term = at::mm(grad.t(), x);
  float* sum = cpu::elements<float>(total);
  const auto* values = cpu::elements<cpu::Bf16>(term);
  parallel_for(term.numel(), 1 << 16,
               [&](int64_t begin, int64_t end) { cpu::table().add_to(sum + begin, values + begin, end - begin); });
}

void add_bias_gradient(const Weight& bias, const at::Tensor& grad) {
  const int64_t width = grad.size(1);
  cpu::with_element_type(grad, [&](auto element) {
    using T = decltype(element);
    const auto sums = cpu::sum_over_rows(grad.size(0), width, [&](int64_t begin, int64_t end, float* partial) {
      cpu::row_functions<T>().column_sum(cpu::elements<T>(grad), width, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  if (implementation() == Implementation::kReference) return reference::linear(x, weight, bias);
  at::Tensor out;
  {
    const at::NoGradGuard no_grad;
    out = bias ? at::addmm(bias->operand, x, weight.operand.t()) : at::mm(x, weight.operand.t());  // [T, N]
  }
  if (!records_gradients()) return out;
  const bool wants_input_gradient = x.requires_grad();
  return record(
      out, {x},
      [x = x.detach(), &weight, bias, wants_input_gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
        if (weight.trainable) add_weight_gradient(weight, grad, x);
        if (bias && bias->trainable) add_bias_gradient(*bias, grad);
        return {wants_input_gradient ? at::mm(grad, weight.operand) : at::Tensor()};
      });
}

}  // namespace retort::kernel
