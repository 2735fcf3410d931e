// A ragged batch as the operations take it: index tensors on the device, sequence bounds on the host, and the keys of
// dropout, one per row.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "retort/kernel/ragged.h"

namespace retort::kernel {

struct Rows {
  at::Tensor ids, segments, positions;  // [T] int64
  at::Tensor keys;                      // [T] int64; undefined when nothing is dropped
  std::vector<int32_t> starts{0};       // [B+1]

  int64_t tokens() const { return starts.back(); }
  int64_t sequences() const { return static_cast<int64_t>(starts.size()) - 1; }
  at::Tensor first_rows() const;  // [B] int64: row of each sequence's first token
};

// `sequence_keys` ([B] or empty) tell sequences of a step apart: dropout of a sequence depends on its key and not on
// what else is in the batch.
Rows make_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys = {});

}  // namespace retort::kernel
