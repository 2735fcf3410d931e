#include "retort/kernel/cosine_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <numeric>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets) {
  RETORT_CHECK(states.dim() == 2 && states.sizes() == targets.sizes(), "cosine_loss takes rows of one shape");
  if (implementation() == Implementation::kReference) return reference::cosine_loss(states, targets);
  const at::Tensor plain = states.detach().contiguous(), aims = targets.detach().to(plain.scalar_type()).contiguous(),
                   gradient = is_grad_enabled() ? at::empty_like(plain) : at::Tensor();
  std::vector<float> distances(static_cast<size_t>(plain.size(0)));
  cpu::dispatch_element_type(plain, [&](auto element) {
    using T = decltype(element);
    const OperationTimer timer(Operation::kLoss);
    const cpu::CosineLoss<T> a{plain.size(1), cpu::data_ptr<T>(plain), cpu::data_ptr<T>(aims),
                               cpu::data_ptr<T>(gradient), distances.data()};
    parallel_for(plain.size(0), cpu::row_grain_size(a.width),
                 [&](int64_t begin, int64_t end) { cpu::kernels<T>().cosine_loss(a, begin, end); });
  });
  at::Tensor total = at::empty({}, at::kFloat);
  *total.data_ptr<float>() = static_cast<float>(std::accumulate(distances.begin(), distances.end(), 0.0));
  if (!gradient.defined()) return total;
  return attach_backward(total, {states}, [gradient](const at::Tensor& grad) mutable -> std::vector<at::Tensor> {
    const OperationTimer timer(Operation::kLoss);
    return {gradient.mul_(*grad.data_ptr<float>())};
  });
}

}  // namespace retort::kernel
