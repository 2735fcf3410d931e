#include "retort/kernel/linear.h"

#include <ATen/core/grad_mode.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/support.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/product.h"
#include "retort/kernel/reference/reference.h"
#include "retort/kernel/timing.h"

namespace retort::kernel {

namespace {

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

at::Tensor linear_forward(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  const at::NoGradGuard no_grad;
  const PartTimer timer(Part::kProduct);
  const at::Tensor offsets = bias ? bias->operand : at::Tensor();
  if (weight.packed.defined() && x.size(0) > 0) return packed_product(x, weight.packed, offsets);
  return product(x, weight.operand.t(), offsets);  // [T, N]
}

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  if (implementation() == Implementation::kReference) return reference::linear(x, weight, bias);
  const at::Tensor out = linear_forward(x, weight, bias);
  if (!records_gradients()) return out;
  const bool wants_input_gradient = x.requires_grad();
  return record(
      out, {x},
      [x = x.detach(), &weight, bias, wants_input_gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
        {
          const PartTimer timer(Part::kProductWeightGradient);
          if (weight.trainable) add_product(weight.gradient, grad.t(), x);
          if (bias && bias->trainable) add_bias_gradient(*bias, grad);
        }
        if (!wants_input_gradient) return {at::Tensor()};
        const PartTimer timer(Part::kProductInputGradient);
        return {product(grad, weight.operand)};
      });
}

}  // namespace retort::kernel
