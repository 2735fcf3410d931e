// Fused self-attention inside each sequence of a ragged batch (Vaswani et al. 2017, 3.2): no S x S matrix is stored.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/dropout_mask.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel {

// qkv [T, 3*A*D]: queries, keys and values of A heads of width D, side by side -> context [T, A*D]. For each sequence
// and head it computes softmax(q k^T / sqrt(D)), dropout on the probabilities, times v. Dropout needs rows.keys; the
// site of head a is dropout.site + a + 1. Any D >= 1 and any sequence length >= 1.
at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout);

}  // namespace retort::kernel
