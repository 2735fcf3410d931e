#include "retort/kernel/linear.h"

#include <ATen/core/grad_mode.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/matmul.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

namespace {

void add_bias_gradient(const Weight& bias, const at::Tensor& grad) {
  const int64_t width = grad.size(1);
  cpu::dispatch_element_type(grad, [&](auto element) {
    using T = decltype(element);
    const auto sums = cpu::sum_over_rows(grad.size(0), width, [&](int64_t begin, int64_t end, float* partial) {
      cpu::kernels<T>().column_sum(cpu::data_ptr<T>(grad), width, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
}

}  // namespace

at::Tensor linear_forward(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  const at::NoGradGuard no_grad;
  const OperationTimer timer(Operation::kLinear);
  const at::Tensor offsets = bias ? bias->operand : at::Tensor();
  if (weight.packed.defined() && x.size(0) > 0) return matmul_with_packed_weight(x, weight.packed, offsets);
  return kernel::matmul(x, weight.operand.t(), offsets);  // [T, N]
}

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  if (implementation() == Implementation::kReference) return reference::linear(x, weight, bias);
  const at::Tensor out = linear_forward(x, weight, bias);
  if (!is_grad_enabled()) return out;
  const bool wants_input_gradient = x.requires_grad();
  return attach_backward(
      out, {x},
      [x = x.detach(), &weight, bias, wants_input_gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
        {
          const OperationTimer timer(Operation::kLinearWeightGradient);
          if (weight.trainable) add_matmul(weight.gradient, grad.t(), x);
          if (bias && bias->trainable) add_bias_gradient(*bias, grad);
        }
        if (!wants_input_gradient) return {at::Tensor()};
        const OperationTimer timer(Operation::kLinearInputGradient);
        return {kernel::matmul(grad, weight.operand)};
      });
}

}  // namespace retort::kernel
