// Cuts a list of sequences into pieces by a budget of tokens. Without padding the memory and time of a forward pass
// follow the tokens, so a piece holds many short sequences or few long ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort::data {

struct TokenBudget {
  int64_t max_tokens = 8192;  // of one piece; a single longer sequence makes a piece of its own; at least 1
  int64_t max_sequences = 0;  // of one piece; 0: any number
  bool is_balanced = false;   // even the pieces out, without more of them
};

// The end of each piece (the last one is token_counts.size()) when the sequences, [B] in tokens, are taken in their
// order and each piece is filled while it stays within the budget. Balanced: with the same number of pieces, the
// largest piece is as small as that order allows, which lowers the peak of memory. No sequences give no pieces. Throws
// UserError for a budget below 1.
std::vector<int64_t> cut_by_tokens(std::span<const int64_t> token_counts, const TokenBudget& budget);

}  // namespace retort::data
