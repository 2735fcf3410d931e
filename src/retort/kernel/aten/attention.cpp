#include <ATen/TensorOperators.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <limits>

#include "retort/kernel/aten/engine.h"
#include "retort/kernel/aten/padded.h"

namespace retort::kernel {

namespace {

using aten::batched_product;
using aten::Padded;

double scale_of(int64_t width) { return 1.0 / std::sqrt(static_cast<double>(width)); }

// The fused attention of LibTorch, whose dropout masks are not those of the other devices.
bool takes_flash_attention(const Attention& inputs) {
  const int64_t width = inputs.qkv.size(1) / (3 * inputs.heads);
  return inputs.qkv.is_cuda() && aten::is_narrow(inputs.qkv.scalar_type()) && !inputs.dropout.active() &&
         width % 8 == 0 && width <= 256;
}

// qkv [T, 3*A*D] -> views [T, A, D] of queries, keys and values.
std::array<at::Tensor, 3> views_of(const at::Tensor& qkv, int64_t heads) {
  const at::Tensor all = qkv.view({qkv.size(0), 3, heads, qkv.size(1) / (3 * heads)});
  return {all.select(1, 0), all.select(1, 1), all.select(1, 2)};
}

AttentionResult flash_attention(const Attention& inputs) {
  const auto [q, k, v] = views_of(inputs.qkv, inputs.heads);
  const at::Tensor bounds = inputs.rows.bounds.to(at::kInt);
  const int64_t longest = inputs.rows.longest();
  const auto result =
      at::_flash_attention_forward(q, k, v, bounds, bounds, longest, longest, /*dropout_p=*/0.0,
                                   /*is_causal=*/false, /*return_debug_mask=*/false, scale_of(q.size(2)));
  return {std::get<0>(result).reshape({q.size(0), -1}), std::get<1>(result)};
}

at::Tensor flash_attention_backward(const at::Tensor& grad, const Attention& inputs, const AttentionResult& result) {
  const auto [q, k, v] = views_of(inputs.qkv, inputs.heads);
  const at::Tensor bounds = inputs.rows.bounds.to(at::kInt);
  const int64_t longest = inputs.rows.longest();
  const auto [grad_q, grad_k, grad_v] = at::_flash_attention_backward(
      grad.view_as(q), q, k, v, result.context.view_as(q), result.log_sums, bounds, bounds, longest, longest,
      /*dropout_p=*/0.0, /*is_causal=*/false, at::Tensor(), at::Tensor(), scale_of(q.size(2)));
  return at::stack({grad_q, grad_k, grad_v}, 1).view_as(inputs.qkv);
}

// Heads of padded sequences: [B*A, S, D] each, and the probabilities [B*A, S, S] before and after dropout.
struct Heads {
  at::Tensor q, k, v, probabilities, dropped, factors;
};

Heads attend(const Engine& device, const Attention& inputs, const Padded& padded) {
  const int64_t all = inputs.qkv.size(1) / 3, B = padded.sequences(), A = inputs.heads, S = padded.places();
  const at::Tensor own = padded.pad(inputs.qkv);  // [B, S, 3*A*D]
  Heads h;
  h.q = aten::split_heads(own.narrow(2, 0, all), A), h.k = aten::split_heads(own.narrow(2, all, all), A),
  h.v = aten::split_heads(own.narrow(2, 2 * all, all), A);
  const at::Tensor scores = batched_product(h.q, h.k.transpose(1, 2), inputs.qkv.scalar_type()) * scale_of(all / A),
                   is_padding = padded.is_token().logical_not().view({B, 1, 1, S});
  h.probabilities = at::softmax(
      scores.view({B, A, S, S}).masked_fill(is_padding, -std::numeric_limits<double>::infinity()).view({B * A, S, S}),
      -1);
  h.dropped = h.probabilities;
  if (!inputs.dropout.active()) return h;
  const at::Tensor keys = padded.pad(inputs.rows.keys);  // [B, S]
  std::vector<at::Tensor> factors;
  for (int64_t a = 0; a < A; ++a) {
    Dropout own_head = inputs.dropout;
    own_head.site += static_cast<uint64_t>(a) + 1;
    factors.push_back(device.dropout_factors(keys.reshape({B * S}), S, own_head).view({B, 1, S, S}));
  }
  h.factors = at::cat(factors, 1).view({B * A, S, S});
  h.dropped = h.probabilities * h.factors;
  return h;
}

}  // namespace

AttentionResult AtenEngine::attention(const Attention& inputs) const {
  if (takes_flash_attention(inputs)) return flash_attention(inputs);
  const Padded& padded = aten::padded_of(inputs.rows);
  const Heads h = attend(*this, inputs, padded);
  const at::Tensor context = batched_product(h.dropped, h.v, inputs.qkv.scalar_type());
  return {padded.unpad(aten::join_heads(context, padded.sequences())).to(inputs.qkv.scalar_type()), at::Tensor()};
}

at::Tensor AtenEngine::attention_backward(const at::Tensor& grad, const Attention& inputs,
                                          const AttentionResult& result) const {
  if (takes_flash_attention(inputs)) return flash_attention_backward(grad, inputs, result);
  const at::ScalarType type = inputs.qkv.scalar_type();
  const Padded& padded = aten::padded_of(inputs.rows);
  const Heads h = attend(*this, inputs, padded);
  const at::Tensor grad_context = aten::split_heads(padded.pad(grad), inputs.heads),
                   grad_v = batched_product(h.dropped.transpose(1, 2), grad_context, type);
  at::Tensor grad_p = batched_product(grad_context, h.v.transpose(1, 2), type);
  if (h.factors.defined()) grad_p = grad_p * h.factors;
  const at::Tensor row_sums = (grad_p * h.probabilities).sum(-1, /*keepdim=*/true),
                   grad_scores = h.probabilities * (grad_p - row_sums) * scale_of(h.q.size(2)),
                   grad_q = batched_product(grad_scores, h.k, type),
                   grad_k = batched_product(grad_scores.transpose(1, 2), h.q, type);
  const auto join = [&](const at::Tensor& split) { return aten::join_heads(split, padded.sequences()); };
  return padded.unpad(at::cat({join(grad_q), join(grad_k), join(grad_v)}, 2)).to(type);
}

}  // namespace retort::kernel
