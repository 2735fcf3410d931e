#include "retort/kernel/token_rows.h"

#include <ATen/ops/empty.h>

#include "retort/base/error.h"
#include "retort/base/random.h"

namespace retort::kernel {

namespace {

at::Tensor widen(const std::vector<int32_t>& values) {
  at::Tensor out = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.data_ptr<int64_t>());
  return out;
}

}  // namespace

at::Tensor TokenRows::first_rows() const {
  at::Tensor rows = at::empty({sequences()}, at::kLong);
  std::copy(starts.begin(), starts.end() - 1, rows.data_ptr<int64_t>());
  return rows;
}

TokenRows make_token_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys) {
  TokenRows rows;
  rows.ids = widen(batch.ids);
  rows.segments = widen(batch.segments);
  rows.positions = widen(batch.positions);
  rows.starts = batch.starts;
  if (sequence_keys.empty()) return rows;
  RETORT_CHECK(static_cast<int64_t>(sequence_keys.size()) == batch.sequences(), "{} keys for {} sequences",
               sequence_keys.size(), batch.sequences());
  rows.keys = at::empty({batch.tokens()}, at::kLong);
  int64_t* keys = rows.keys.data_ptr<int64_t>();
  for (int64_t b = 0; b < batch.sequences(); ++b)
    for (int32_t t = batch.starts[b]; t < batch.starts[b + 1]; ++t)
      keys[t] = static_cast<int64_t>(random_bits(sequence_keys[b], static_cast<uint64_t>(t - batch.starts[b])));
  return rows;
}

}  // namespace retort::kernel
