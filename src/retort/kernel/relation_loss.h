// The distance between the relations of a student's and of a teacher's attention heads inside each sequence: attention
// scores q k^T (Jiao et al. 2020, eq. 7; Wang et al. 2020, 3.1), or relations x x^T of one vector for each token (Wang
// et al. 2020, 3.2, take the values; the published programs take the attention context). Fused: no S x S matrix is
// stored.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/distance.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel {

enum class Relation {
  kQueryKey,  // q k^T of rows [T, 3*A*D]: queries, keys and values of A heads side by side
  kSelf,      // x x^T of rows [T, A*D]: A heads side by side
};

struct RelationLossOptions {
  int64_t heads = 1;  // A, of student and teacher alike
  Relation relation = Relation::kQueryKey;
  Distance distance = Distance::kDivergence;
};

// student [T, N], teacher [T, N'], each with its own head width D (float32 or bfloat16) -> float32 scalar: the sum over
// sequences, heads and query rows of the distance between the rows of scores x y^T / sqrt(D), S_b numbers each. The
// gradient goes only to the student. The published programs pad, and their rows, columns and counts run over the
// padding (with scores of 0) too. Here there is none: divide by heads * tokens for the mean over rows, or, with
// kSquared, by heads * sum of S_b^2 for the mean over scores.
at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                         const RelationLossOptions& options);

}  // namespace retort::kernel
