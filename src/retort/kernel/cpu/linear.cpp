#include "retort/kernel/linear.h"

#include <ATen/core/grad_mode.h>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/matmul.h"

namespace retort::kernel {

at::Tensor CpuEngine::linear(const at::Tensor& x, const Weight& weight, const Weight* bias) const {
  const at::NoGradGuard no_grad;
  const at::Tensor offsets = bias ? bias->operand : at::Tensor();
  if (weight.packed.defined() && x.size(0) > 0) return matmul_with_packed_weight(x, weight.packed, offsets);
  return kernel::matmul(x, weight.operand.t(), offsets);  // [T, N]
}

at::Tensor CpuEngine::linear_input_gradient(const at::Tensor& grad, const Weight& weight) const {
  return kernel::matmul(grad, weight.operand);
}

void CpuEngine::add_weight_gradient(const Weight& weight, const at::Tensor& grad, const at::Tensor& x) const {
  if (weight.trainable) add_matmul(weight.gradient, grad.t(), x);
}

void CpuEngine::add_bias_gradient(const Weight& bias, const at::Tensor& grad) const {
  if (!bias.trainable) return;
  const int64_t width = grad.size(1);
  cpu::dispatch_element_type(grad, [&](auto element) {
    using T = decltype(element);
    const auto sums = cpu::sum_over_rows(grad.size(0), width, [&](int64_t begin, int64_t end, float* partial) {
      cpu::kernels<T>().column_sum(cpu::data_ptr<T>(grad), width, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
}

}  // namespace retort::kernel
