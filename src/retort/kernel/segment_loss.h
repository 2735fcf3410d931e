// Losses of choices among the tokens of a sequence, such as the start of an answer: in each sequence the softmax runs
// over its own tokens.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/token_rows.h"

namespace retort::kernel {

// logits [T, C] float32 over the sequences of `rows`; `targets` [B]: in each sequence the position of the right token,
// or kNoLabel. -> float32 scalar: the sum over sequences with a target of -log softmax(logits[:, column])[target],
// whose gradient goes to the logits. Throws InternalError for a position outside its sequence.
at::Tensor segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                 const IndexList& targets);

struct SegmentDivergenceOptions {
  double temperature = 1;
  double factor = 1;
  bool with_entropy = false;  // adds the entropy of the teacher's distributions, which has no gradient
};

// student, teacher [T, C] over the same rows -> float32 scalar: factor * the sum over sequences and columns of
// KL(softmax(teacher / temperature) || softmax(student / temperature)). The gradient goes only to the student.
at::Tensor segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                              const SegmentDivergenceOptions& options);

}  // namespace retort::kernel
