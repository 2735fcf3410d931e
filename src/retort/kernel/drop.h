// Plain dropout of rows, where no other operation is there to be fused with: in front of a head.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/dropout.h"

namespace retort::kernel {

// x [R, N], keys [R] int64 (one per row) -> [R, N]; x itself when nothing is dropped.
at::Tensor drop(const at::Tensor& x, const at::Tensor& keys, const Dropout& dropout);

}  // namespace retort::kernel
