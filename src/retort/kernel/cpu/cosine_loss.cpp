#include "retort/kernel/cosine_loss.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>

#include <numeric>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

LossResult CpuEngine::cosine_loss(const at::Tensor& states, const at::Tensor& targets, bool with_gradient) const {
  LossResult result;
  if (with_gradient) result.gradient = at::empty_like(states);
  std::vector<float> distances(static_cast<size_t>(states.size(0)));
  cpu::dispatch_element_type(states, [&](auto element) {
    using T = decltype(element);
    const cpu::CosineLoss<T> a{states.size(1), cpu::data_ptr<T>(states), cpu::data_ptr<T>(targets),
                               cpu::data_ptr<T>(result.gradient), distances.data()};
    parallel_for(states.size(0), cpu::row_grain_size(a.width),
                 [&](int64_t begin, int64_t end) { cpu::kernels<T>().cosine_loss(a, begin, end); });
  });
  result.total = at::scalar_tensor(std::accumulate(distances.begin(), distances.end(), 0.0), at::kFloat);
  return result;
}

}  // namespace retort::kernel
