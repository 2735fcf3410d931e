#include "retort/data/token_budget.h"

#include "retort/base/error.h"

namespace retort::data {
namespace {

// Calls end(i) after each micro-batch; returns their number.
template <typename End>
int64_t fill_pieces(std::span<const int64_t> token_counts, int64_t max_tokens, int64_t max_sequences, const End& end) {
  int64_t pieces = 0, tokens = 0, sequences = 0;
  const auto close = [&](int64_t at) { end(at), ++pieces, tokens = sequences = 0; };
  for (size_t i = 0; i < token_counts.size(); ++i) {
    const bool is_full = tokens + token_counts[i] > max_tokens || (max_sequences > 0 && sequences == max_sequences);
    if (sequences > 0 && is_full) close(static_cast<int64_t>(i));
    tokens += token_counts[i], ++sequences;
  }
  if (sequences > 0) close(static_cast<int64_t>(token_counts.size()));
  return pieces;
}

// Returns the smallest budget with the same number of micro-batches, by bisection: their number decreases as the budget
// grows.
int64_t balanced_max_tokens(std::span<const int64_t> token_counts, const TokenBudget& budget) {
  const auto count_pieces = [&](int64_t max_tokens) {
    return fill_pieces(token_counts, max_tokens, budget.max_sequences, [](int64_t) {});
  };
  const int64_t pieces = count_pieces(budget.max_tokens);
  int64_t too_small = 0, enough = budget.max_tokens;
  while (enough - too_small > 1) {
    const int64_t middle = too_small + (enough - too_small) / 2;
    (count_pieces(middle) > pieces ? too_small : enough) = middle;
  }
  return enough;
}

}  // namespace

std::vector<int64_t> cut_by_tokens(std::span<const int64_t> token_counts, const TokenBudget& budget) {
  if (budget.max_tokens < 1)
    throw UserError("the token budget must be at least 1, but is {}; 8192 suits most machines", budget.max_tokens);
  const int64_t max_tokens = budget.is_balanced ? balanced_max_tokens(token_counts, budget) : budget.max_tokens;
  std::vector<int64_t> ends;
  fill_pieces(token_counts, max_tokens, budget.max_sequences, [&](int64_t end) { ends.push_back(end); });
  return ends;
}

}  // namespace retort::data
