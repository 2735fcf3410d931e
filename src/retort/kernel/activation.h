// y = activation(x + bias), one pass forward and one backward; alone, or as the operand of a product.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "retort/kernel/cpu/table.h"
#include "retort/kernel/parameters.h"

namespace retort::kernel {

using cpu::Activation;

// By the name in config.json: gelu (erf), gelu_new / gelu_pytorch_tanh / gelu_fast (tanh form), relu, swish / silu,
// tanh. Throws UserError for other names.
Activation parse_activation(const std::string& name);

// x [T, N], bias [N] -> [T, N].
at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation);

// activation(x + bias) W^T: x [T, K], bias [K], weight [N, K] -> [T, N]. Only x is kept for the backward pass; the
// activation, the largest tensor of a layer, is computed again there.
at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight);

}  // namespace retort::kernel
