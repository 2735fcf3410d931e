#include "retort/kernel/loss_node.h"

#include "retort/kernel/autograd.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor attach_gradient(const LossResult& result, const at::Tensor& input) {
  if (!result.gradient.defined()) return result.total;
  return attach_backward(
      result.total, {input},
      [&device = engine(), gradient = result.gradient, type = input.scalar_type()](const at::Tensor& grad) {
        const OperationTimer timer(Operation::kLoss);
        return std::vector<at::Tensor>{device.scaled(gradient, grad).to(type)};
      });
}

}  // namespace retort::kernel
