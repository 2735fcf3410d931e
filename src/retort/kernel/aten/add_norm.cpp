#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>

#include "retort/kernel/aten/engine.h"
#include "retort/kernel/aten/padded.h"
#include "retort/kernel/element_type.h"

namespace retort::kernel {

using aten::widened;

namespace {

constexpr auto kLowestInt = static_cast<int64_t>(std::numeric_limits<int32_t>::min());

// x >> bits of unsigned 32-bit numbers.
at::Tensor shift_right(const at::Tensor& x, int64_t bits) {
  return x.bitwise_right_shift(bits).bitwise_and((int64_t{1} << (32 - bits)) - 1);
}

at::Scalar as_int32(uint32_t bits) { return static_cast<int64_t>(static_cast<int32_t>(bits)); }

struct Normalized {
  at::Tensor out, mean, rstd;
};

Normalized normalize(const at::Tensor& z, const NormWeights& w) {
  auto [out, mean, rstd] = at::native_layer_norm(z, {z.size(1)}, w.gamma->value, w.beta->value, w.epsilon);
  return {out, mean, rstd};
}

// Adds the gradients of gamma and beta and returns that of z.
at::Tensor normalize_backward(const at::Tensor& grad, const at::Tensor& z, const NormWeights& w, const at::Tensor& mean,
                              const at::Tensor& rstd) {
  const auto [grad_z, grad_gamma, grad_beta] = at::native_layer_norm_backward(
      grad, z, {z.size(1)}, mean, rstd, w.gamma->value, w.beta->value, {true, true, true});
  if (w.gamma->trainable) at::Tensor(w.gamma->gradient).add_(grad_gamma);
  if (w.beta->trainable) at::Tensor(w.beta->gradient).add_(grad_beta);
  return grad_z;
}

at::Tensor embedding_sum(const TokenRows& rows, const EmbeddingWeights& w) {
  at::Tensor sum =
      at::index_select(w.word->value, 0, rows.ids) + at::index_select(w.position->value, 0, rows.positions);
  if (w.segment) sum.add_(at::index_select(w.segment->value, 0, rows.segments));
  return sum;
}

// table.gradient[index[t]] += grad[t], in the same order every time: on CUDA index_put_ sorts, while index_add_ adds
// atomically; on the processor it is the other way round.
void add_rows(const Weight* table, const at::Tensor& index, const at::Tensor& grad) {
  if (!table || !table->trainable) return;
  at::Tensor sum = table->gradient;
  if (sum.is_cuda())
    sum.index_put_({index}, grad, /*accumulate=*/true);
  else
    sum.index_add_(0, index, grad);
}

}  // namespace

// The integer arithmetic of dropout_mask.h on tensors, where unsigned 32-bit numbers are int32.
at::Tensor AtenEngine::dropout_factors(const at::Tensor& keys, int64_t width, const Dropout& dropout) const {
  const auto fold = [](const at::Tensor& x) {
    return x.bitwise_xor(x.bitwise_right_shift(32).bitwise_and(int64_t{0xFFFFFFFF}));
  };
  const auto site = static_cast<int64_t>(dropout.site * 0x9E3779B97F4A7C15ull);
  const at::Tensor row_key =
      fold(fold(keys.bitwise_xor(site)) * static_cast<int64_t>(0xD6E8FEB86659FD93ull)).to(at::kInt);
  at::Tensor x =
      (at::arange(width, keys.options().dtype(at::kInt)) * as_int32(0x9E3779B9u)).bitwise_xor(row_key.unsqueeze(1));
  x = x.bitwise_xor(shift_right(x, 16)) * as_int32(0x7FEB352Du);
  x = x.bitwise_xor(shift_right(x, 15)) * as_int32(0x846CA68Bu);
  x = x.bitwise_xor(shift_right(x, 16));
  // Unsigned order is signed order with the highest bit inverted.
  const auto threshold = static_cast<int64_t>(static_cast<int32_t>(dropout.threshold() ^ 0x80000000u));
  return x.bitwise_xor(kLowestInt).ge(threshold).to(at::kFloat).mul_(dropout.keep_scale());
}

at::Tensor AtenEngine::add_norm(const at::Tensor& y, const at::Tensor& residual, const AddNorm& settings,
                                NormStates* states) const {
  at::Tensor z = widened(y);
  if (settings.bias) z = z + settings.bias->value;
  if (settings.dropout.active()) z = z * dropout_factors(settings.keys, z.size(1), settings.dropout);
  if (residual.defined()) z = z + widened(residual);
  const Normalized normalized = normalize(z, settings.norm);
  if (states) *states = {z.to(y.scalar_type()), normalized.mean, normalized.rstd};
  return normalized.out.to(y.scalar_type());
}

AddNormGradients AtenEngine::add_norm_backward(const at::Tensor& grad, const AddNorm& settings,
                                               const NormStates& states, bool has_residual) const {
  const at::Tensor grad_z =
      normalize_backward(widened(grad), widened(states.z), settings.norm, states.mean, states.rstd);
  AddNormGradients gradients;
  if (has_residual) gradients.residual = grad_z.to(grad.scalar_type());
  const at::Tensor grad_y =
      settings.dropout.active() ? grad_z * dropout_factors(settings.keys, grad_z.size(1), settings.dropout) : grad_z;
  if (settings.bias) add_bias_gradient(*settings.bias, grad_y);
  gradients.y = grad_y.to(grad.scalar_type());
  return gradients;
}

at::Tensor AtenEngine::embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision,
                             const Dropout& dropout) const {
  at::Tensor out = normalize(embedding_sum(rows, weights), weights.norm).out;
  if (dropout.active()) out = out * dropout_factors(rows.keys, out.size(1), dropout);
  // float64 weights stay as they are
  return precision == Precision::kFloat32 ? out : out.to(element_type(precision));
}

void AtenEngine::embed_backward(const at::Tensor& grad, const TokenRows& rows, const EmbeddingWeights& weights,
                                const Dropout& dropout) const {
  const at::Tensor sum = embedding_sum(rows, weights);
  const Normalized normalized = normalize(sum, weights.norm);
  at::Tensor grad_out = grad.to(sum.scalar_type());
  if (dropout.active()) grad_out = grad_out * dropout_factors(rows.keys, sum.size(1), dropout);
  const at::Tensor grad_sum = normalize_backward(grad_out, sum, weights.norm, normalized.mean, normalized.rstd);
  add_rows(weights.word, rows.ids, grad_sum.masked_fill(rows.ids.eq(weights.padding_id).unsqueeze(1), 0));
  add_rows(weights.position, rows.positions, grad_sum);
  add_rows(weights.segment, rows.segments, grad_sum);
}

void AtenEngine::round_to_copies(const at::Tensor& copies, const at::Tensor& values) const { copies.copy_(values); }

}  // namespace retort::kernel
