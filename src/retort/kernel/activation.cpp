#include "retort/kernel/activation.h"

#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

namespace {

at::Tensor activate(const Engine& device, const at::Tensor& x, const Weight& bias, Activation activation) {
  const OperationTimer timer(Operation::kActivation);
  return device.bias_activation(x, bias, activation);
}

at::Tensor activate_backward(const Engine& device, const at::Tensor& grad, const at::Tensor& x, const Weight& bias,
                             Activation activation) {
  const OperationTimer timer(Operation::kActivationBackward);
  return device.bias_activation_backward(grad, x, bias, activation);
}

}  // namespace

at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) {
  const Engine& device = engine();
  const at::Tensor input = x.detach(), out = activate(device, input, bias, activation);
  if (!is_grad_enabled()) return out;
  return attach_backward(out, {x}, [&device, input, &bias, activation](const at::Tensor& grad) {
    return std::vector<at::Tensor>{activate_backward(device, grad, input, bias, activation)};
  });
}

at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight) {
  const Engine& device = engine();
  const at::Tensor input = x.detach(), activated = activate(device, input, bias, activation);
  at::Tensor out;
  {
    const OperationTimer timer(Operation::kLinear);
    out = device.linear(activated, weight, nullptr);
  }
  if (!is_grad_enabled()) return out;
  return attach_backward(out, {x}, [&device, input, &bias, activation, &weight](const at::Tensor& grad) {
    if (weight.trainable) {
      const at::Tensor again = activate(device, input, bias, activation);
      const OperationTimer timer(Operation::kLinearWeightGradient);
      device.add_weight_gradient(weight, grad, again);
    }
    at::Tensor grad_activated;
    {
      const OperationTimer timer(Operation::kLinearInputGradient);
      grad_activated = device.linear_input_gradient(grad, weight);
    }
    return std::vector<at::Tensor>{activate_backward(device, grad_activated, input, bias, activation)};
  });
}

}  // namespace retort::kernel
