#include "retort/kernel/activation.h"

#include <ATen/ops/empty_like.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/support.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/product.h"
#include "retort/kernel/reference/reference.h"
#include "retort/kernel/timing.h"

namespace retort::kernel {

namespace {

template <typename T>
cpu::BiasActivation<T> make_arguments(const at::Tensor& x, const Weight& bias, Activation activation) {
  cpu::BiasActivation<T> a;
  a.width = x.size(1);
  a.activation = activation;
  a.x = cpu::elements<T>(x);
  a.bias = cpu::elements<float>(bias.value);
  return a;
}

at::Tensor activation_forward(const at::Tensor& x, const Weight& bias, Activation activation) {
  const PartTimer timer(Part::kActivation);
  at::Tensor out = at::empty_like(x);
  cpu::with_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = make_arguments<T>(x, bias, activation);
    a.out = cpu::elements<T>(out);
    parallel_for(x.size(0), cpu::row_grain(x.size(1)),
                 [&](int64_t begin, int64_t end) { cpu::row_functions<T>().bias_activation_forward(a, begin, end); });
  });
  return out;
}

at::Tensor activation_backward(const at::Tensor& x, const Weight& bias, Activation activation, const at::Tensor& grad) {
  const PartTimer timer(Part::kActivationBackward);
  at::Tensor grad_x = at::empty_like(x);
  cpu::with_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = make_arguments<T>(x, bias, activation);
    a.grad_out = cpu::elements<T>(grad), a.grad_x = cpu::elements<T>(grad_x);
    const auto sums = cpu::sum_over_rows(x.size(0), x.size(1), [&](int64_t begin, int64_t end, float* partial) {
      cpu::row_functions<T>().bias_activation_backward(a, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
  return grad_x;
}

}  // namespace

at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) {
  if (implementation() == Implementation::kReference) return reference::bias_activation(x, bias, activation);
  const at::Tensor input = x.detach(), out = activation_forward(input, bias, activation);
  if (!records_gradients()) return out;
  return record(out, {x}, [input, &bias, activation](const at::Tensor& grad) -> std::vector<at::Tensor> {
    return {activation_backward(input, bias, activation, grad)};
  });
}

at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight) {
  if (implementation() == Implementation::kReference) return reference::activated_linear(x, bias, activation, weight);
  const at::Tensor input = x.detach(),
                   out = linear_forward(activation_forward(input, bias, activation), weight, nullptr);
  if (!records_gradients()) return out;
  return record(out, {x}, [input, &bias, activation, &weight](const at::Tensor& grad) -> std::vector<at::Tensor> {
    if (weight.trainable) {
      const at::Tensor activated = activation_forward(input, bias, activation);
      const PartTimer timer(Part::kProductWeightGradient);
      add_product(weight.gradient, grad.t(), activated);
    }
    at::Tensor grad_activated;
    {
      const PartTimer timer(Part::kProductInputGradient);
      grad_activated = product(grad, weight.operand);
    }
    return {activation_backward(input, bias, activation, grad_activated)};
  });
}

}  // namespace retort::kernel
