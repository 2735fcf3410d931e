#include "retort/kernel/reference/reference.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace retort::kernel::reference {

namespace {

// Widens bfloat16 to float32 for the computation; other types compute as they are.
at::Tensor widened(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x; }

at::Tensor like(const Weight& weight, const at::Tensor& x) { return weight.leaf.to(x.scalar_type()); }

// The operand of a matmul: the parameter, rounded to bfloat16 where the activations are bfloat16.
at::Tensor operand(const Weight& weight, const at::Tensor& x) { return like(weight, x); }

at::Tensor norm(const at::Tensor& x, const NormWeights& w) {
  return at::layer_norm(x, {x.size(1)}, like(*w.gamma, x), like(*w.beta, x), w.epsilon);
}

at::Tensor apply_dropout(const at::Tensor& x, const TokenRows& rows, const Dropout& dropout) {
  if (!dropout.active()) return x;
  return x * dropout_factors(rows.keys, x.size(1), dropout.site, dropout).to(x.scalar_type());
}

}  // namespace

at::Tensor dropout_factors(const at::Tensor& keys, int64_t width, uint64_t site, const Dropout& dropout) {
  at::Tensor factors = at::empty({keys.size(0), width}, at::kFloat);
  float* out = factors.data_ptr<float>();
  for (int64_t t = 0; t < keys.size(0); ++t) {
    const uint32_t key = dropout_row_key(keys.data_ptr<int64_t>()[t], site);
    for (int64_t i = 0; i < width; ++i)
      out[t * width + i] = is_kept(key, static_cast<uint32_t>(i), dropout.threshold()) ? dropout.keep_scale() : 0.0f;
  }
  return factors;
}

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) {
  const at::Tensor wide = widened(x);
  return at::linear(wide, operand(weight, x).to(wide.scalar_type()), bias ? like(*bias, wide) : at::Tensor())
      .to(x.scalar_type());
}

at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout) {
  const at::Tensor wide = widened(qkv);
  const int64_t all = qkv.size(1) / 3, width = all / heads;
  std::vector<at::Tensor> sequences;
  for (int64_t b = 0; b < rows.sequences(); ++b) {
    const int64_t first = rows.starts[b], length = rows.starts[b + 1] - first;
    const at::Tensor own = wide.narrow(0, first, length);  // [S, 3*A*D]
    std::vector<at::Tensor> contexts;
    for (int64_t a = 0; a < heads; ++a) {
      const at::Tensor q = own.narrow(1, a * width, width), k = own.narrow(1, all + a * width, width);
      const at::Tensor v = own.narrow(1, 2 * all + a * width, width);                                // [S, D]
      at::Tensor p = at::softmax(at::matmul(q, k.t()) / std::sqrt(static_cast<double>(width)), -1);  // [S, S]
      if (dropout.active())
        p = p * dropout_factors(rows.keys.narrow(0, first, length), length, dropout.site + static_cast<uint64_t>(a) + 1,
                                dropout)
                    .to(p.scalar_type());
      contexts.push_back(at::matmul(p, v));
    }
    sequences.push_back(at::cat(contexts, 1));
  }
  return at::cat(sequences, 0).to(qkv.scalar_type());
}

at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) {
  const at::Tensor wide = widened(x), sum = wide + like(bias, wide);
  const auto activated = [&] {
    switch (activation) {
      case Activation::kGeluErf:
        return at::gelu(sum);
      case Activation::kGeluTanh:
        return at::gelu(sum, "tanh");
      case Activation::kRelu:
        return at::relu(sum);
      case Activation::kSwish:
        return at::silu(sum);
      case Activation::kTanh:
        break;
    }
    return at::tanh(sum);
  };
  return activated().to(x.scalar_type());
}

at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight) {
  return reference::linear(reference::bias_activation(x, bias, activation), weight, nullptr);
}

at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
                        const SoftmaxLossOptions& options, SoftmaxLossSums* sums) {
  const at::Tensor s = widened(logits);
  at::Tensor total = s.sum() * 0;
  SoftmaxLossSums found;
  if (options.hard_weight != 0) {
    const at::Tensor log_p = at::log_softmax(s, 1);
    at::Tensor hard = at::zeros({}, s.options());
    for (size_t n = 0; n < labels.size(); ++n)
      if (labels[n] != kNoLabel) hard = hard - log_p[static_cast<int64_t>(n)][labels[n]];
    total = total + hard * options.hard_weight;
    found.hard = hard.item<double>();
  }
  if (options.soft_weight != 0) {
    const double T = options.temperature;
    const at::Tensor t = teacher.detach().to(s.scalar_type()) / T, log_target = at::log_softmax(t, 1);
    const at::Tensor soft = (log_target.exp() * (log_target - at::log_softmax(s / T, 1))).sum() * (T * T);
    total = total + soft * options.soft_weight;
    found.soft = soft.item<double>();
  }
  if (options.squared_weight != 0) {
    const at::Tensor squared = (s - teacher.detach().to(s.scalar_type())).pow(2).sum();
    total = total + squared * options.squared_weight;
    found.squared = squared.item<double>();
  }
  if (sums) *sums = found;
  return s.scalar_type() == at::kDouble ? total : total.to(at::kFloat);
}

at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets) {
  const at::Tensor s = widened(states), t = targets.detach().to(s.scalar_type());
  const at::Tensor norms = ((s * s).sum(1) + 1e-12).sqrt() * ((t * t).sum(1) + 1e-12).sqrt();
  const at::Tensor total = (1 - (s * t).sum(1) / norms).sum();
  return s.scalar_type() == at::kDouble ? total : total.to(at::kFloat);
}

namespace {

// The scaled scores of one head of one sequence: [S, S].
at::Tensor relation_scores(const at::Tensor& own, int64_t head, const RelationLossOptions& options) {
  const bool is_self = options.relation == Relation::kSelf;
  const int64_t all = own.size(1) / (is_self ? 1 : 3), width = all / options.heads;
  const at::Tensor x = own.narrow(1, head * width, width), y = is_self ? x : own.narrow(1, all + head * width, width);
  return at::matmul(x, y.t()) / std::sqrt(static_cast<double>(width));
}

at::Tensor relation_distance(const at::Tensor& s, const at::Tensor& t, Distance distance) {
  if (distance == Distance::kSquared) return (s - t).pow(2).sum();
  if (distance == Distance::kCosine) return reference::cosine_loss(s, t);
  const at::Tensor log_target = at::log_softmax(t, 1);
  return (log_target.exp() * (log_target - at::log_softmax(s, 1))).sum();
}

}  // namespace

at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                         const RelationLossOptions& options) {
  const at::Tensor s = widened(student), t = teacher.detach().to(s.scalar_type());
  at::Tensor total = s.sum() * 0;
  for (int64_t b = 0; b < rows.sequences(); ++b)
    for (int64_t a = 0; a < options.heads; ++a) {
      const auto scores = [&](const at::Tensor& all) {
        return relation_scores(all.narrow(0, rows.starts[b], rows.starts[b + 1] - rows.starts[b]), a, options);
      };
      total = total + relation_distance(scores(s), scores(t), options.distance);
    }
  return s.scalar_type() == at::kDouble ? total : total.to(at::kFloat);
}

at::Tensor add_norm(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& weights,
                    const TokenRows& rows, const Dropout& dropout) {
  at::Tensor z = widened(y);
  if (bias) z = z + like(*bias, z);
  z = apply_dropout(z, rows, dropout);
  if (residual.defined()) z = z + widened(residual);
  return norm(z, weights).to(y.scalar_type());
}

at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& w, Precision precision, const Dropout& dropout) {
  at::Tensor word = at::index_select(w.word->leaf, 0, rows.ids);  // [T, H]
  if (w.padding_id >= 0) {
    const at::Tensor is_padding = rows.ids.eq(w.padding_id).unsqueeze(1);
    word = word.detach() * is_padding + word * is_padding.logical_not();
  }
  at::Tensor sum = word + at::index_select(w.position->leaf, 0, rows.positions);
  if (w.segment) sum = sum + at::index_select(w.segment->leaf, 0, rows.segments);
  return apply_dropout(norm(sum, w.norm), rows, dropout).to(precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat);
}

}  // namespace retort::kernel::reference
