#include "retort/kernel/cosine_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <numeric>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/support.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/reference/reference.h"
#include "retort/kernel/timing.h"

namespace retort::kernel {

at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets) {
  RETORT_CHECK(states.dim() == 2 && states.sizes() == targets.sizes(), "cosine_loss takes rows of one shape");
  if (implementation() == Implementation::kReference) return reference::cosine_loss(states, targets);
  const at::Tensor plain = states.detach().contiguous(), aims = targets.detach().to(plain.scalar_type()).contiguous(),
                   gradient = records_gradients() ? at::empty_like(plain) : at::Tensor();
  std::vector<float> distances(static_cast<size_t>(plain.size(0)));
  cpu::with_element_type(plain, [&](auto element) {
    using T = decltype(element);
    const PartTimer timer(Part::kLoss);
    const cpu::CosineRows<T> a{plain.size(1), cpu::elements<T>(plain), cpu::elements<T>(aims),
                               cpu::elements<T>(gradient), distances.data()};
    parallel_for(plain.size(0), cpu::row_grain(a.width),
                 [&](int64_t begin, int64_t end) { cpu::row_functions<T>().cosine_loss(a, begin, end); });
  });
  at::Tensor total = at::empty({}, at::kFloat);
  *total.data_ptr<float>() = static_cast<float>(std::accumulate(distances.begin(), distances.end(), 0.0));
  if (!gradient.defined()) return total;
  return record(total, {states}, [gradient](const at::Tensor& grad) mutable -> std::vector<at::Tensor> {
    const PartTimer timer(Part::kLoss);
    return {gradient.mul_(*grad.data_ptr<float>())};
  });
}

}  // namespace retort::kernel
