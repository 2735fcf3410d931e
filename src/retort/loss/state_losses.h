// Distances between the attention scores and hidden states of a student and of a teacher, as sums over ragged rows.
// Teachers get no gradient.
// Source: Jiao et al. 2020 (TinyBERT), 3.2; Wang et al. 2020 (MiniLM), 3.1 and 3.2. The published programs
// average over padded rows as well; here only real tokens count.
#pragma once

#include <string>
#include <vector>

#include "retort/kernel/relation_loss.h"
#include "retort/loss/loss_term.h"
#include "retort/loss/step_counts.h"

namespace retort::loss {

// Parses the names of the published configuration: kld, mse, cosine. Throws UserError for other names.
kernel::Distance parse_state_distance(const std::string& name);
const std::vector<std::string>& state_distance_names();

// Attention scores of rows qkv [T, 3*A*D] of `heads` heads, each side with its own D: the divergence of their softmax,
// their squared distance, or 1 - cos of their rows. Count: `score_count`.
LossSum attention_score_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                             int64_t heads, kernel::Distance distance);
// Attention contexts [T, A*D]: the divergence of the relations x x^T of each head's rows, count as above. Squared and
// cosine distance compare the rows themselves, which must be of one width; count: `row_count`.
LossSum context_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows, int64_t heads,
                     kernel::Distance distance);
// Hidden states [T, H] of one width, squared or cosine. Count: `row_count`.
LossSum hidden_state_loss(const at::Tensor& student, const at::Tensor& teacher, kernel::Distance distance);

// Count of the sums over a micro-batch or a whole step: heads * T rows of scores, or heads * sum of S_b^2 scores for
// the squared distance.
double score_count(const StepCounts& counts, int64_t heads, kernel::Distance distance);
// Count of rows: T, or T * width numbers for the squared distance.
double row_count(const StepCounts& counts, int64_t width, kernel::Distance distance);

}  // namespace retort::loss
