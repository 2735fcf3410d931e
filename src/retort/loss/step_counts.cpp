#include "retort/loss/step_counts.h"

namespace retort::loss {

void StepCounts::add_sequences(std::span<const int32_t> starts) {
  for (size_t b = 0; b + 1 < starts.size(); ++b) {
    const double length = starts[b + 1] - starts[b];
    ++sequences, tokens += length, token_pairs += length * length;
  }
}

}  // namespace retort::loss
