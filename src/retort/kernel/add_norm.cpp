#include "retort/kernel/add_norm.h"

#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor add_norm(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& norm,
                    const TokenRows& rows, const Dropout& dropout) {
  const Engine& device = engine();
  const AddNorm settings{bias, norm, rows.keys, dropout};
  const bool has_residual = residual.defined();
  NormStates states;
  at::Tensor out;
  {
    const OperationTimer timer(Operation::kNorm);
    out = device.add_norm(y.detach(), has_residual ? residual.detach() : at::Tensor(), settings,
                          is_grad_enabled() ? &states : nullptr);
  }
  if (!is_grad_enabled()) return out;
  std::vector<at::Tensor> inputs{y};
  if (has_residual) inputs.push_back(residual);
  return attach_backward(out, inputs, [&device, settings, states, has_residual](const at::Tensor& grad) {
    const OperationTimer timer(Operation::kNormBackward);
    AddNormGradients found = device.add_norm_backward(grad, settings, states, has_residual);
    return has_residual ? std::vector<at::Tensor>{found.y, found.residual} : std::vector<at::Tensor>{found.y};
  });
}

}  // namespace retort::kernel
