// Cross entropy and squared error as sums. Labels equal to kIgnored (-100) are left out of sum and count.
#pragma once

#include "retort/kernel/softmax_loss.h"
#include "retort/loss/loss_term.h"

namespace retort::loss {

inline constexpr int32_t kIgnored = kernel::kNoLabel;

// logits [N, C] float32 or bfloat16, labels [N] in 0..C-1 or kIgnored. Sum of -log softmax(logits)[label]; count =
// labels not ignored. Throws InternalError for another label.
LossSum cross_entropy(const at::Tensor& logits, const kernel::IndexList& labels);

// Ragged form: logits [T] float32, one candidate per token; in each sequence b of `rows` the softmax runs over its own
// tokens and targets[b] is the position inside the sequence, or kIgnored. Count = sequences not ignored.
LossSum position_cross_entropy(const at::Tensor& logits, const kernel::TokenRows& rows,
                               const kernel::IndexList& targets);

// Extractive question answering: half the sum of the cross entropies of start and end (logits [T, 2]). A sequence is
// left out by kIgnored in both; count = sequences not left out.
LossSum span_loss(const at::Tensor& logits, const kernel::TokenRows& rows, const kernel::IndexList& start_positions,
                  const kernel::IndexList& end_positions);

// Regression: predictions [N] or [N, 1], targets [N] float32. Sum of squared differences; count = N.
LossSum squared_error(const at::Tensor& predictions, const at::Tensor& targets);

}  // namespace retort::loss
