// A ragged batch as the operations take it, one row for each token: index tensors on the device, sequence bounds on the
// host, and the dropout key of each token.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "retort/kernel/ragged.h"

namespace retort::kernel {

struct TokenRows {
  at::Tensor ids, segments, positions;  // [T] int64
  at::Tensor keys;                      // [T] int64; undefined where no operation drops elements
  std::vector<int32_t> starts{0};       // [B+1]

  int64_t tokens() const { return starts.back(); }
  int64_t sequences() const { return static_cast<int64_t>(starts.size()) - 1; }
  at::Tensor first_rows() const;  // [B] int64: row of each sequence's first token
};

// Makes the tensors of `batch`. `sequence_keys` ([B] or empty) tell the sequences of a step apart: the dropout of a
// sequence depends on its key and not on the other sequences of the batch.
TokenRows make_token_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys = {});

}  // namespace retort::kernel
