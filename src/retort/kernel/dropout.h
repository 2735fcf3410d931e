// Dropout as an operation of its own, for places where no other operation fuses it: before a classification head.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/dropout_mask.h"

namespace retort::kernel {

// x [R, N], keys [R] int64 (one for each row) -> [R, N]; returns x itself when the probability is 0.
at::Tensor dropout(const at::Tensor& x, const at::Tensor& keys, const Dropout& settings);

}  // namespace retort::kernel
