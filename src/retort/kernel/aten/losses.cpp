#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <limits>

#include "retort/kernel/aten/engine.h"
#include "retort/kernel/aten/padded.h"

namespace retort::kernel {

using aten::widened;

namespace {

// A scalar of the type that losses have for inputs of the (widened) type of `like`.
at::Tensor as_loss(const at::Tensor& value, const at::Tensor& like) {
  return value.to(like.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

// A gradient in the type of its input. In half precision it stays float32 until it has its factor, which holds the
// scale of the loss: without it, small numbers become zero.
at::Tensor as_gradient(const at::Tensor& gradient, const at::Tensor& input) {
  return input.scalar_type() == at::kHalf ? gradient.to(at::kFloat) : gradient.to(input.scalar_type());
}

at::Tensor sum_of(const at::Tensor& values) { return values.sum(at::kDouble); }

// Probabilities minus 1 at the label, 0 in rows without one; [N, C] along dimension `dim`.
struct HardLoss {
  at::Tensor sum, gradient;
};

HardLoss hard_loss(const at::Tensor& log_p, const at::Tensor& labels) {
  const at::Tensor has_label = labels.ge(0), safe = labels.clamp_min(0).unsqueeze(1),
                   picked = at::gather(log_p, 1, safe).squeeze(1);
  at::Tensor gradient = log_p.exp();
  gradient.scatter_add_(1, safe, -at::ones_like(safe, gradient.options()));
  return {sum_of(at::where(has_label, -picked, at::zeros_like(picked))),
          gradient.masked_fill_(has_label.logical_not().unsqueeze(1), 0)};
}

// 1 - cos of each row in the last dimension, and its gradient with respect to s.
struct Cosine {
  at::Tensor distance, gradient;
};

Cosine cosine_rows(const at::Tensor& s, const at::Tensor& t) {
  const at::Tensor s_norm = ((s * s).sum(-1, true) + 1e-12).sqrt(), t_norm = ((t * t).sum(-1, true) + 1e-12).sqrt(),
                   cosine = (s * t).sum(-1, true) / (s_norm * t_norm);
  return {(1 - cosine).squeeze(-1), s * (cosine / (s_norm * s_norm)) - t / (s_norm * t_norm)};
}

}  // namespace

LossResult AtenEngine::softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                                    const SoftmaxLossOptions& options, bool with_gradient) const {
  const at::Tensor s = widened(logits), t = teacher.defined() ? widened(teacher) : teacher;
  at::Tensor total = at::zeros({}, s.options().dtype(at::kDouble)), gradient = with_gradient ? at::zeros_like(s) : s;
  LossResult result;
  if (options.hard_weight != 0) {
    const HardLoss hard = hard_loss(at::log_softmax(s, 1), labels.tensor());
    result.sums.hard = hard.sum;
    total = total + hard.sum * options.hard_weight;
    if (with_gradient) gradient.add_(hard.gradient, options.hard_weight);
  }
  if (options.soft_weight != 0) {
    const double T = options.temperature;
    const at::Tensor log_t = at::log_softmax(t / T, 1), log_s = at::log_softmax(s / T, 1);
    result.sums.soft = sum_of(log_t.exp() * (log_t - log_s)) * (T * T);
    total = total + result.sums.soft * options.soft_weight;
    if (with_gradient) gradient.add_(log_s.exp() - log_t.exp(), options.soft_weight * T);
  }
  if (options.squared_weight != 0) {
    const at::Tensor difference = s - t;
    result.sums.squared = sum_of(difference * difference);
    total = total + result.sums.squared * options.squared_weight;
    if (with_gradient) gradient.add_(difference, 2 * options.squared_weight);
  }
  result.total = as_loss(total, s);
  if (with_gradient) result.gradient = as_gradient(gradient, logits);
  return result;
}

LossResult AtenEngine::cosine_loss(const at::Tensor& states, const at::Tensor& targets, bool with_gradient) const {
  const at::Tensor s = widened(states);
  const Cosine cosine = cosine_rows(s, widened(targets));
  LossResult result{.total = as_loss(sum_of(cosine.distance), s)};
  if (with_gradient) result.gradient = as_gradient(cosine.gradient, states);
  return result;
}

namespace {

// One side of a relation as heads of padded sequences, [B*A, S, D].
struct RelationSide {
  at::Tensor x, y;
  double scale;

  at::Tensor scores(at::ScalarType type) const { return aten::batched_product(x, y.transpose(1, 2), type) * scale; }
};

RelationSide relation_side(const at::Tensor& rows, const aten::Padded& padded, const RelationLossOptions& options) {
  const bool is_self = options.relation == Relation::kSelf;
  const int64_t all = rows.size(1) / (is_self ? 1 : 3);
  const at::Tensor own = padded.pad(rows), x = aten::split_heads(own.narrow(2, 0, all), options.heads),
                   y = is_self ? x : aten::split_heads(own.narrow(2, all, all), options.heads);
  return {x, y, 1.0 / std::sqrt(static_cast<double>(all / options.heads))};
}

struct RelationDistance {
  at::Tensor sum, gradient;  // with respect to the student's scores [N, S, S]
};

// `is_pair` [N, S, S]: where both places are tokens.
RelationDistance relation_distance(const at::Tensor& s, const at::Tensor& t, const at::Tensor& is_pair,
                                   Distance distance) {
  const at::Tensor is_none = is_pair.logical_not();
  const auto kept = [&](const at::Tensor& x) { return x.masked_fill(is_none, 0); };
  if (distance == Distance::kSquared) {
    const at::Tensor difference = kept(s - t);
    return {sum_of(difference * difference), difference * 2};
  }
  if (distance == Distance::kCosine) {
    const Cosine cosine = cosine_rows(kept(s), kept(t));
    return {sum_of(cosine.distance.masked_fill(is_pair.select(2, 0).logical_not(), 0)), kept(cosine.gradient)};
  }
  // Rows of no token stay finite, and are left out at the end.
  const at::Tensor low = is_none.to(s.scalar_type()) * -1e30, log_s = at::log_softmax(kept(s) + low, -1),
                   log_t = at::log_softmax(kept(t) + low, -1);
  return {sum_of(kept(log_t.exp() * (log_t - log_s))), kept(log_s.exp() - log_t.exp())};
}

}  // namespace

LossResult AtenEngine::relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                     const RelationLossOptions& options, bool with_gradient) const {
  const aten::Padded& padded = aten::padded_of(rows);
  const at::ScalarType type = student.scalar_type();
  const RelationSide own = relation_side(student, padded, options), other = relation_side(teacher, padded, options);
  const int64_t B = padded.sequences(), S = padded.places();
  const at::Tensor& is_token = padded.is_token();
  const at::Tensor is_pair = is_token.unsqueeze(2)
                                 .logical_and(is_token.unsqueeze(1))
                                 .unsqueeze(1)
                                 .expand({B, options.heads, S, S})
                                 .reshape({B * options.heads, S, S});
  const RelationDistance distance = relation_distance(own.scores(type), other.scores(type), is_pair, options.distance);
  LossResult result{.total = as_loss(distance.sum, student)};
  if (!with_gradient) return result;
  const at::Tensor grad_scores = distance.gradient * own.scale, transposed = grad_scores.transpose(1, 2);
  const auto side = [&](const at::Tensor& grad, const at::Tensor& of) {
    return aten::join_heads(aten::batched_product(grad, of, type), B);  // [B, S, A*D]
  };
  if (options.relation == Relation::kSelf) {
    result.gradient = as_gradient(padded.unpad(side(grad_scores + transposed, own.x)), student);
    return result;
  }
  const at::Tensor x = side(grad_scores, own.y), y = side(transposed, own.x);
  result.gradient = as_gradient(padded.unpad(at::cat({x, y, at::zeros_like(x)}, 2)), student);
  return result;
}

namespace {

// logits [T] or [T, C] as float64 log probabilities [B, S, C] over the places of each sequence.
at::Tensor segment_log_probabilities(const at::Tensor& logits, const aten::Padded& padded, double temperature) {
  const at::Tensor columns = logits.dim() == 1 ? logits.unsqueeze(1) : logits,
                   values = padded.pad(columns.to(at::kDouble)) / temperature;
  return at::log_softmax(values.masked_fill(padded.is_token().logical_not().unsqueeze(2), -1e300), 1);
}

}  // namespace

SegmentLossResult AtenEngine::segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                                    const IndexList& targets) const {
  const aten::Padded& padded = aten::padded_of(rows);
  const at::Tensor log_p = segment_log_probabilities(logits, padded, 1).select(2, column);
  return {as_loss(hard_loss(log_p, targets.tensor()).sum, logits), at::Tensor()};
}

at::Tensor AtenEngine::segment_cross_entropy_backward(const at::Tensor& grad, const at::Tensor& logits, int64_t column,
                                                      const TokenRows& rows, const IndexList& targets,
                                                      const SegmentLossResult& /*result*/) const {
  const aten::Padded& padded = aten::padded_of(rows);
  const at::Tensor log_p = segment_log_probabilities(logits, padded, 1).select(2, column),
                   own = padded.unpad(hard_loss(log_p, targets.tensor()).gradient) * grad;  // [T]
  at::Tensor gradient = at::zeros_like(logits);
  (logits.dim() == 1 ? gradient : gradient.select(1, column)).copy_(own);
  return gradient;
}

LossResult AtenEngine::segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                          const SegmentDivergenceOptions& options) const {
  const aten::Padded& padded = aten::padded_of(rows);
  const at::Tensor log_s = segment_log_probabilities(student, padded, options.temperature),
                   log_t = segment_log_probabilities(teacher, padded, options.temperature), p = log_t.exp(),
                   is_padding = padded.is_token().logical_not().unsqueeze(2),
                   terms = p * (options.with_entropy ? -log_s : log_t - log_s);
  return {.total = as_loss(sum_of(terms.masked_fill(is_padding, 0)) * options.factor, student),
          .gradient = as_gradient(padded.unpad(log_s.exp() - p) * (options.factor / options.temperature), student)};
}

at::Tensor AtenEngine::scaled(const at::Tensor& gradient, const at::Tensor& factor) const {
  return (widened(gradient) * factor).to(gradient.scalar_type());
}

}  // namespace retort::kernel
