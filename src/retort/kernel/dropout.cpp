#include "retort/kernel/dropout.h"

#include <ATen/ops/mul.h>

#include "retort/base/error.h"
#include "retort/kernel/engine.h"

namespace retort::kernel {

at::Tensor dropout(const at::Tensor& x, const at::Tensor& keys, const Dropout& settings) {
  if (!settings.active()) return x;
  RETORT_CHECK(keys.defined() && keys.size(0) == x.size(0), "dropout needs one key per row");
  return at::mul(x, engine().dropout_factors(keys, x.size(1), settings).to(x.scalar_type()));
}

}  // namespace retort::kernel
