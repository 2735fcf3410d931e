#include "retort/kernel/recompute.h"

#include <ATen/core/grad_mode.h>

#include "retort/kernel/autograd.h"

namespace retort::kernel {

at::Tensor recompute(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> body) {
  if (!is_grad_enabled()) return body(x);
  at::Tensor out;
  {
    const at::NoGradGuard no_grad;
    out = body(x.detach());
  }
  return attach_backward(out, {x}, [x = x.detach(), body = std::move(body)](const at::Tensor& grad) {
    const at::AutoGradMode with_gradients(true);
    at::Tensor input = x.detach();
    input.set_requires_grad(true);
    body(input).backward(grad);
    return std::vector<at::Tensor>{input.grad()};
  });
}

}  // namespace retort::kernel
