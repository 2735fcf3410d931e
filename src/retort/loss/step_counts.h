// How many things the losses of an optimizer step are means over. The trainer counts them before the first forward
// pass of the step and hands them to each, because a loss term is divided by a count of the whole step.
#pragma once

#include <cstdint>
#include <span>

namespace retort::loss {

struct StepCounts {
  double sequences = 0;
  double tokens = 0;
  double token_pairs = 0;      // sum of the squared sequence lengths: attention scores of one head
  double labelled_tokens = 0;  // tokens whose id is to be predicted

  // Counts the sequences that `starts` [B+1] bounds, which may be empty. They have no labels.
  void add_sequences(std::span<const int32_t> starts);
};

}  // namespace retort::loss
