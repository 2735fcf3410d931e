// y = activation(x + bias), forward and backward in one pass each; as an operation of its own or fused with the matmul
// that takes it as its input.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/activation_kind.h"
#include "retort/kernel/parameters.h"

namespace retort::kernel {

// x [T, N], bias [N] -> [T, N].
at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation);

// activation(x + bias) W^T: x [T, K], bias [K], weight [N, K] -> [T, N]. The backward pass keeps only x and computes
// the activation, the largest tensor of a layer, again.
at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight);

}  // namespace retort::kernel
