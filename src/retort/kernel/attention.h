// Fused self-attention inside each sequence of a ragged batch (Vaswani et al. 2017, 3.2): no S x S matrix is stored.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "retort/kernel/dropout_mask.h"
#include "retort/kernel/precision.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel {

// qkv [T, 3*A*D]: queries, keys and values of A heads of width D, side by side -> context [T, A*D]. For each sequence
// and head it computes softmax(q k^T / sqrt(D)), dropout on the probabilities, times v. Dropout needs rows.keys; the
// site of head a is dropout.site + a + 1. Any D >= 1 and any sequence length >= 1.
at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout);

// The precision that attention of this process computes in, as the op lists of a run ask (op_lists.h); empty, as at the
// start: that of qkv. Another one is slower, because qkv and the context are cast. Set it before work starts.
void set_attention_precision(std::optional<Precision> precision);
std::optional<Precision> attention_precision();

}  // namespace retort::kernel
