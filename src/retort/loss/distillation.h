// Losses between the outputs of a student and of a teacher, as sums. Teachers get no gradient.
#pragma once

#include "retort/kernel/token_rows.h"
#include "retort/loss/loss_term.h"

namespace retort::loss {

// Question answering with soft targets: logits [T, 2] of student and teacher over the same ragged tokens. In each
// sequence of `rows` the softmax runs over its own tokens, and the sum is temperature^2 times half the sum of
// KL(teacher || student) of start and end positions. Count = B. Padding does not exist here; where the published
// programs pad, their softmax runs over the padding as well.
LossSum soft_span_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                       double temperature);

// Cross entropy between the same distributions, as in Jiao et al. 2020: minus the sum of softmax(t / temperature) .
// log_softmax(s / temperature) over start and end, without a factor. Count = T, so that start and end are each a mean
// over all positions.
LossSum soft_span_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                                double temperature);

// Soft cross entropy of classes: logits [N, C]. -softmax(t / temperature) . log_softmax(s / temperature), without the
// factor temperature^2. Count = N * C, so that the loss is the mean over all elements (Jiao et al. 2020).
LossSum soft_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, double temperature);

// Cosine distance, 1 - cos, of each row of [N, H]; count = N.
LossSum cosine_distance(const at::Tensor& student, const at::Tensor& teacher);

}  // namespace retort::loss
