// y = x W^T + b for each row x.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/parameters.h"

namespace retort::kernel {

// x [T, K], weight [N, K], bias [N] or null -> [T, N], in the element type of x (float32, or bfloat16 summed
// in float32). Gradients go to x and to the memory of weight and bias. Empty T gives [0, N].
at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias);

}  // namespace retort::kernel
