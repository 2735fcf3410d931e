// The engine of any device that LibTorch has operators for: tensor expressions, with the dropout masks of the
// processor's engine. It reads no values back to the host. With bfloat16 or half-precision inputs, products are in
// their type with sums in float32, and everything else is computed in float32 and rounded at the end. It takes float64
// too, and is then what the fused kernels are checked against.
#pragma once

#include "retort/kernel/engine.h"

namespace retort::kernel {

class AtenEngine final : public Engine {
 public:
  at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias) const override;
  at::Tensor linear_input_gradient(const at::Tensor& grad, const Weight& weight) const override;
  void add_weight_gradient(const Weight& weight, const at::Tensor& grad, const at::Tensor& x) const override;
  void add_bias_gradient(const Weight& bias, const at::Tensor& grad) const override;
  at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) const override;
  at::Tensor bias_activation_backward(const at::Tensor& grad, const at::Tensor& x, const Weight& bias,
                                      Activation activation) const override;
  at::Tensor add_norm(const at::Tensor& y, const at::Tensor& residual, const AddNorm& settings,
                      NormStates* states) const override;
  AddNormGradients add_norm_backward(const at::Tensor& grad, const AddNorm& settings, const NormStates& states,
                                     bool has_residual) const override;
  at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision,
                   const Dropout& dropout) const override;
  void embed_backward(const at::Tensor& grad, const TokenRows& rows, const EmbeddingWeights& weights,
                      const Dropout& dropout) const override;
  AttentionResult attention(const Attention& inputs) const override;
  at::Tensor attention_backward(const at::Tensor& grad, const Attention& inputs,
                                const AttentionResult& result) const override;
  LossResult softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                          const SoftmaxLossOptions& options, bool with_gradient) const override;
  LossResult cosine_loss(const at::Tensor& states, const at::Tensor& targets, bool with_gradient) const override;
  LossResult relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                           const RelationLossOptions& options, bool with_gradient) const override;
  SegmentLossResult segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                          const IndexList& targets) const override;
  at::Tensor segment_cross_entropy_backward(const at::Tensor& grad, const at::Tensor& logits, int64_t column,
                                            const TokenRows& rows, const IndexList& targets,
                                            const SegmentLossResult& result) const override;
  LossResult segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                const SegmentDivergenceOptions& options) const override;
  at::Tensor scaled(const at::Tensor& gradient, const at::Tensor& factor) const override;
  at::Tensor dropout_factors(const at::Tensor& keys, int64_t width, const Dropout& dropout) const override;
  void round_to_copies(const at::Tensor& copies, const at::Tensor& values) const override;
  bool is_fused() const override { return false; }
};

}  // namespace retort::kernel
