#include "retort/kernel/linear.h"

#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  const Engine& device = engine();
  const at::Tensor input = x.detach();
  at::Tensor out;
  {
    const OperationTimer timer(Operation::kLinear);
    out = device.linear(input, weight, bias);
  }
  if (!is_grad_enabled()) return out;
  const bool wants_input_gradient = x.requires_grad();
  return attach_backward(
      out, {x},
      [&device, input, &weight, bias, wants_input_gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
        {
          const OperationTimer timer(Operation::kLinearWeightGradient);
          device.add_weight_gradient(weight, grad, input);
          if (bias) device.add_bias_gradient(*bias, grad);
        }
        if (!wants_input_gradient) return {at::Tensor()};
        const OperationTimer timer(Operation::kLinearInputGradient);
        return {device.linear_input_gradient(grad, weight)};
      });
}

}  // namespace retort::kernel
