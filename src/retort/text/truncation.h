// Truncation of a pair of sequences.
#pragma once

#include <cstdint>

namespace retort::text {

enum class TruncationStrategy { kLongestFirst, kOnlyFirst, kOnlySecond, kDoNotTruncate };

// Truncates a pair until first + second <= budget, like `transformers`: longest_first removes one token at a time from
// the longer sequence (from the second if they are equal), only_first/only_second from that one only. Returns the
// remaining lengths.
struct PairLengths {
  int64_t first = 0, second = 0;
};
PairLengths truncate_pair(PairLengths lengths, int64_t budget, TruncationStrategy strategy);

}  // namespace retort::text
