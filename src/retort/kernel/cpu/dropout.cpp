#include "retort/kernel/dropout.h"

#include <ATen/ops/empty.h>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"

namespace retort::kernel {

at::Tensor CpuEngine::dropout_factors(const at::Tensor& keys, int64_t width, const Dropout& dropout) const {
  at::Tensor factors = at::empty({keys.size(0), width}, at::kFloat);
  float* out = factors.data_ptr<float>();
  for (int64_t t = 0; t < keys.size(0); ++t) {
    const uint32_t key = dropout_row_key(keys.data_ptr<int64_t>()[t], dropout.site);
    for (int64_t i = 0; i < width; ++i)
      out[t * width + i] = is_kept(key, static_cast<uint32_t>(i), dropout.threshold()) ? dropout.keep_scale() : 0.0f;
  }
  return factors;
}

void CpuEngine::round_to_copies(const at::Tensor& copies, const at::Tensor& values) const {
  auto* to = static_cast<cpu::Bf16*>(copies.data_ptr());
  const float* from = values.data_ptr<float>();
  parallel_for(values.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    cpu::kernel_table().round_to_bf16(to + begin, from + begin, end - begin);
  });
}

}  // namespace retort::kernel
