#include "retort/kernel/ragged.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::kernel {

int64_t Ragged::longest() const {
  int64_t longest = 0;
  for (int64_t b = 0; b < sequences(); ++b) longest = std::max<int64_t>(longest, starts[b + 1] - starts[b]);
  return longest;
}

void Ragged::append(std::span<const int32_t> sequence_ids, int64_t segment_b_start) {
  for (size_t i = 0; i < sequence_ids.size(); ++i) {
    ids.push_back(sequence_ids[i]);
    segments.push_back(static_cast<int64_t>(i) < segment_b_start ? 0 : 1);
    positions.push_back(static_cast<int32_t>(i));
  }
  starts.push_back(static_cast<int32_t>(ids.size()));
}

void Ragged::append(std::span<const int32_t> sequence_ids, std::span<const int32_t> token_types) {
  RETORT_CHECK(sequence_ids.size() == token_types.size(), "{} ids but {} token types", sequence_ids.size(),
               token_types.size());
  append(sequence_ids, static_cast<int64_t>(sequence_ids.size()));
  std::copy(token_types.begin(), token_types.end(), segments.end() - static_cast<int64_t>(token_types.size()));
}

}  // namespace retort::kernel
