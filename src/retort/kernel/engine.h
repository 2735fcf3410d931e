// The operations as a device computes them, each whole: what a contract (linear.h, attention.h, ...) calls with checked
// arguments, outside autograd. The contract records the node of the gradient graph; an engine computes the output and,
// in a second call, the gradients. Those of weights it adds to the weight's gradient memory, unless the weight is
// frozen. Shapes and meanings are those of the contracts.
#pragma once

#include "retort/kernel/activation.h"
#include "retort/kernel/add_norm.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/embedding.h"
#include "retort/kernel/relation_loss.h"
#include "retort/kernel/segment_loss.h"
#include "retort/kernel/softmax_loss.h"

namespace retort::kernel {

struct AddNorm {
  const Weight* bias = nullptr;
  NormWeights norm;
  at::Tensor keys;  // [T], where dropout is active
  Dropout dropout;
};
// What the backward pass of a normalization needs: its input [T, H] and the statistics of its rows [T].
struct NormStates {
  at::Tensor z, mean, rstd;
};
struct AddNormGradients {
  at::Tensor y, residual;
};

struct Attention {
  at::Tensor qkv;
  TokenRows rows;
  int64_t heads = 1;
  Dropout dropout;
};
struct AttentionResult {
  at::Tensor context;   // [T, A*D]
  at::Tensor log_sums;  // [A, T] float32: of the exponentials of each row of scores; undefined where not needed
};

// A loss and, where wanted, its gradient with respect to the student's input.
struct LossResult {
  at::Tensor total;          // scalar float32 (float64 for float64 inputs)
  at::Tensor gradient = {};  // of the total
  SoftmaxLossSums sums = {};
};
struct SegmentLossResult {
  at::Tensor total;
  at::Tensor normalizers;  // one float64 for each sequence with a target, or undefined where not needed
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) const = 0;
  virtual at::Tensor linear_input_gradient(const at::Tensor& grad, const Weight& weight) const = 0;
  virtual void add_weight_gradient(const Weight& weight, const at::Tensor& grad, const at::Tensor& x) const = 0;
  virtual void add_bias_gradient(const Weight& bias, const at::Tensor& grad) const = 0;

  virtual at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) const = 0;
  virtual at::Tensor bias_activation_backward(const at::Tensor& grad, const at::Tensor& x, const Weight& bias,
                                              Activation activation) const = 0;

  // `states` may be null: then nothing is kept.
  virtual at::Tensor add_norm(const at::Tensor& y, const at::Tensor& residual, const AddNorm& settings,
                              NormStates* states) const = 0;
  virtual AddNormGradients add_norm_backward(const at::Tensor& grad, const AddNorm& settings, const NormStates& states,
                                             bool has_residual) const = 0;

  virtual at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision,
                           const Dropout& dropout) const = 0;
  virtual void embed_backward(const at::Tensor& grad, const TokenRows& rows, const EmbeddingWeights& weights,
                              const Dropout& dropout) const = 0;

  virtual AttentionResult attention(const Attention& inputs) const = 0;
  virtual at::Tensor attention_backward(const at::Tensor& grad, const Attention& inputs,
                                        const AttentionResult& result) const = 0;

  virtual LossResult softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                                  const SoftmaxLossOptions& options, bool with_gradient) const = 0;
  virtual LossResult cosine_loss(const at::Tensor& states, const at::Tensor& targets, bool with_gradient) const = 0;
  virtual LossResult relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                   const RelationLossOptions& options, bool with_gradient) const = 0;
  virtual SegmentLossResult segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                                  const IndexList& targets) const = 0;
  // The gradient with respect to the logits, times the scalar `grad`.
  virtual at::Tensor segment_cross_entropy_backward(const at::Tensor& grad, const at::Tensor& logits, int64_t column,
                                                    const TokenRows& rows, const IndexList& targets,
                                                    const SegmentLossResult& result) const = 0;
  virtual LossResult segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                        const SegmentDivergenceOptions& options) const = 0;
  // gradient * factor, where factor is a scalar. It may overwrite the gradient.
  virtual at::Tensor scaled(const at::Tensor& gradient, const at::Tensor& factor) const = 0;

  // keys [R] int64 -> [R, width] float32: 0 where the element is dropped, the keep scale elsewhere.
  virtual at::Tensor dropout_factors(const at::Tensor& keys, int64_t width, const Dropout& dropout) const = 0;

  // copies = values, rounded to the type of the copies: bfloat16, or half precision.
  virtual void round_to_copies(const at::Tensor& copies, const at::Tensor& values) const = 0;
  // Whether this is the engine of fused loops on the processor: it multiplies with packed weights, and an operation has
  // run when its call returns.
  virtual bool is_fused() const = 0;
};

// The engine of this process: fused loops on the processor; tensor expressions elsewhere, and with
// Implementation::kReference.
const Engine& engine();

}  // namespace retort::kernel
