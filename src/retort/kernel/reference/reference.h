// The reference of each operation in tensor expressions, to read and to check the fused kernels against. It computes in
// the element type of its input (bfloat16: in float32, rounded at the end), and autograd computes all of its gradients.
// Shapes and meanings are those of the contracts in kernel/*.h.
#pragma once

#include "retort/kernel/activation.h"
#include "retort/kernel/add_norm.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/cosine_loss.h"
#include "retort/kernel/embedding.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/relation_loss.h"
#include "retort/kernel/softmax_loss.h"

namespace retort::kernel::reference {

at::Tensor linear(const at::Tensor& x, const Weight& weight, const Weight* bias);
at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout);
at::Tensor bias_activation(const at::Tensor& x, const Weight& bias, Activation activation);
at::Tensor add_norm(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& norm,
                    const TokenRows& rows, const Dropout& dropout);
at::Tensor activated_linear(const at::Tensor& x, const Weight& bias, Activation activation, const Weight& weight);
at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, std::span<const int32_t> labels,
                        const SoftmaxLossOptions& options, SoftmaxLossSums* sums);
at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets);
at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                         const RelationLossOptions& options);
at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision, const Dropout& dropout);

// keys [T] int64 -> [T, width] float32: 0 where the element is dropped, the keep scale elsewhere.
at::Tensor dropout_factors(const at::Tensor& keys, int64_t width, uint64_t site, const Dropout& dropout);

}  // namespace retort::kernel::reference
