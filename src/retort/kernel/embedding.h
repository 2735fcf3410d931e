// dropout(LayerNorm(word[id] + position[p] + type[segment])).
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/add_norm.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel {

struct EmbeddingWeights {
  const Weight* word = nullptr;      // [V, H]
  const Weight* position = nullptr;  // [P, H]
  const Weight* segment = nullptr;   // [2, H] or null (DistilBERT)
  NormWeights norm;
  int64_t padding_id = 0;  // the row of `word` that gets no gradient; -1: every row gets one
};

// -> [T, H] in the precision's activation type. Ids must lie inside the tables (checked by the caller once per batch).
at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision, const Dropout& dropout);

}  // namespace retort::kernel
