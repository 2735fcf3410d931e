// Cuts a list of sequences into micro-batches by a token budget. Without padding, memory and time of a forward pass are
// proportional to tokens, so a micro-batch holds many short sequences or few long ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort::data {

struct TokenBudget {
  int64_t max_tokens = 8192;  // per micro-batch; a longer sequence has its own; at least 1
  int64_t max_sequences = 0;  // per micro-batch; 0: any number
  bool is_balanced = false;   // equalize the micro-batches without adding any
};

// Returns the end of each micro-batch (the last one is token_counts.size()) when the sequences, [B] in tokens, are
// added in order while the budget allows. Balanced: the same number of micro-batches with the smallest possible maximum
// for this order, which lowers the memory peak. No sequences give no micro-batches. Throws UserError for a budget below
// 1.
std::vector<int64_t> cut_by_tokens(std::span<const int64_t> token_counts, const TokenBudget& budget);

}  // namespace retort::data
