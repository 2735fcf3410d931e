// y = x W^T + b on rows.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/parameters.h"

namespace retort::kernel {

// x [T, K], weight [N, K], bias [N] or null -> [T, N], in the element type of x (float32 or bfloat16; products of
// bfloat16 sum in float32). Gradients go to x and to the memory of weight and bias. Empty T gives [0, N].
at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias);
// The same without a gradient.
at::Tensor linear_forward(const at::Tensor& x, const Weight& weight, const Weight* bias);

}  // namespace retort::kernel
