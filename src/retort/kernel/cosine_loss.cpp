#include "retort/kernel/cosine_loss.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/loss_node.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets) {
  RETORT_CHECK(states.dim() == 2 && states.sizes() == targets.sizes(), "cosine_loss takes rows of one shape");
  LossResult result;
  {
    const OperationTimer timer(Operation::kLoss);
    const at::Tensor plain = states.detach().contiguous();
    result = engine().cosine_loss(plain, targets.detach().to(plain.scalar_type()).contiguous(), is_grad_enabled());
  }
  return attach_gradient(result, states);
}

}  // namespace retort::kernel
