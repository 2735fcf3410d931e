// A batch without padding: the tokens of B sequences, one after another, as T rows. Everything after the tokenizer
// works on this shape; activations are [T, H], and attention runs inside each sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort::kernel {

struct Ragged {
  std::vector<int32_t> ids;        // [T] token ids
  std::vector<int32_t> segments;   // [T] token types, 0 or 1
  std::vector<int32_t> positions;  // [T] 0-based place inside the sequence
  std::vector<int32_t> starts{0};  // [B+1] first row of each sequence; starts[B] = T

  int64_t tokens() const { return static_cast<int64_t>(ids.size()); }
  int64_t sequences() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t longest() const;

  // Appends one sequence; its first `segment_b_start` tokens get segment 0, the rest 1.
  void append(std::span<const int32_t> sequence_ids, int64_t segment_b_start);
  // Appends one sequence with the token types given ([S] like the ids).
  void append(std::span<const int32_t> sequence_ids, std::span<const int32_t> token_types);
};

}  // namespace retort::kernel
