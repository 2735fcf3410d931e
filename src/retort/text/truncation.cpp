// See truncation.h.
#include "retort/text/truncation.h"

#include <algorithm>
#include <cstdlib>

namespace retort::text {

// Longest first in closed form: the longer one loses the difference, then both lose equally, the second one first.
PairLengths truncate_pair(PairLengths lengths, int64_t budget, TruncationStrategy strategy) {
  const int64_t surplus =
      std::clamp<int64_t>(lengths.first + lengths.second - budget, 0, lengths.first + lengths.second);
  switch (strategy) {
    case TruncationStrategy::kLongestFirst: {
      const int64_t difference = std::min(std::abs(lengths.first - lengths.second), surplus);
      (lengths.first > lengths.second ? lengths.first : lengths.second) -= difference;
      lengths.first -= (surplus - difference) / 2;
      lengths.second -= (surplus - difference + 1) / 2;
      break;
    }
    case TruncationStrategy::kOnlyFirst:
      lengths.first -= std::min(lengths.first, surplus);
      break;
    case TruncationStrategy::kOnlySecond:
      lengths.second -= std::min(lengths.second, surplus);
      break;
    case TruncationStrategy::kDoNotTruncate:
      break;
  }
  return lengths;
}

}  // namespace retort::text
