// Losses of classification over many classes, such as the pieces of a vocabulary: cross entropy with labels, divergence
// from a teacher's soft targets (Hinton et al. 2015) and squared distance of logits. One pass over each row computes
// them all, and the gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/token_rows.h"

namespace retort::kernel {

struct SoftmaxLossOptions {
  double temperature = 1;     // of the soft targets, > 0
  double hard_weight = 0;     // of -log softmax(s)[label], over rows with a label
  double soft_weight = 0;     // of T^2 * KL(softmax(t/T) || softmax(s/T))
  double squared_weight = 0;  // of the sum over classes of (s - t)^2
};

// The sums over rows, not weighted, for logs: float64 scalars. Undefined for a weight of 0.
struct SoftmaxLossSums {
  at::Tensor hard, soft, squared;
};

inline constexpr int32_t kNoLabel = -100;

// s: logits [N, C], t: teacher logits of the same shape and type, or undefined when no weight needs them (float32 or
// bfloat16 each). labels: [N] in 0..C-1 or kNoLabel; may be empty without hard_weight. -> the weighted total, a float32
// scalar whose gradient goes only to the logits. `sums` may be null.
at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                        const SoftmaxLossOptions& options, SoftmaxLossSums* sums = nullptr);

}  // namespace retort::kernel
