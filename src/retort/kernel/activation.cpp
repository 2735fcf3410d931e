#include "retort/kernel/activation.h"

#include <ATen/ops/empty_like.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/matmul.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

namespace {

template <typename T>
cpu::BiasActivation<T> make_arguments(const at::Tensor& x, const Weight& bias, Activation activation) {
  cpu::BiasActivation<T> a;
  a.width = x.size(1);
  a.activation = activation;
  a.x = cpu::data_ptr<T>(x);
  a.bias = cpu::data_ptr<float>(bias.value);
  return a;
}

at::Tensor activation_forward(const at::Tensor& x, const Weight& bias, Activation activation) {
  const OperationTimer timer(Operation::kActivation);
  at::Tensor out = at::empty_like(x);
  cpu::dispatch_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = make_arguments<T>(x, bias, activation);
    a.out = cpu::data_ptr<T>(out);
    parallel_for(x.size(0), cpu::row_grain_size(x.size(1)),
                 [&](int64_t begin, int64_t end) { cpu::kernels<T>().bias_activation_forward(a, begin, end); });
  });
  return out;
}

at::Tensor activation_backward(const at::Tensor& x, const Weight& bias, Activation activation, const at::Tensor& grad) {
  const OperationTimer timer(Operation::kActivationBackward);
  at::Tensor grad_x = at::empty_like(x);
  cpu::dispatch_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = make_arguments<T>(x, bias, activation);
    a.grad_out = cpu::data_ptr<T>(grad), a.grad_x = cpu::data_ptr<T>(grad_x);
    const auto sums = cpu::sum_over_rows(x.size(0), x.size(1), [&](int64_t begin, int64_t end, float* partial) {
      cpu::kernels<T>().bias_activation_backward(a, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
  return grad_x;
}

}  // namespace

at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) {
  if (implementation() == Implementation::kReference) return reference::bias_activation(x, bias, activation);
  const at::Tensor input = x.detach(), out = activation_forward(input, bias, activation);
  if (!is_grad_enabled()) return out;
  return attach_backward(out, {x}, [input, &bias, activation](const at::Tensor& grad) -> std::vector<at::Tensor> {
    return {activation_backward(input, bias, activation, grad)};
  });
}

at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight) {
  if (implementation() == Implementation::kReference) return reference::activated_linear(x, bias, activation, weight);
  const at::Tensor input = x.detach(),
                   out = linear_forward(activation_forward(input, bias, activation), weight, nullptr);
  if (!is_grad_enabled()) return out;
  return attach_backward(out, {x}, [input, &bias, activation, &weight](const at::Tensor& grad) {
    if (weight.trainable) {
      const at::Tensor activated = activation_forward(input, bias, activation);
      const OperationTimer timer(Operation::kLinearWeightGradient);
      add_matmul(weight.gradient, grad.t(), activated);
    }
    at::Tensor grad_activated;
    {
      const OperationTimer timer(Operation::kLinearInputGradient);
      grad_activated = kernel::matmul(grad, weight.operand);
    }
    return std::vector<at::Tensor>{activation_backward(input, bias, activation, grad_activated)};
  });
}

}  // namespace retort::kernel
