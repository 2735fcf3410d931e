// The windows over a context that is too long for one sequence, and which of them sees a piece best. Pieces are the
// context's WordPiece tokens, counted from 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace retort::data {

struct Window {
  int32_t start = 0;   // first piece
  int32_t length = 0;  // pieces
  bool operator==(const Window&) const = default;
};

// Windows of at most `capacity` pieces whose starts are min(`doc_stride`, length) apart, until one reaches the end; no
// piece is left out. No pieces: no windows. Both options at least 1.
std::vector<Window> make_windows(int64_t pieces, int64_t capacity, int64_t doc_stride);

// Index of the window where `piece` has the most context: the largest min(pieces left, pieces right) + 0.01 * length,
// the first of equals; -1 when no window holds the piece. `windows` in order of their starts.
int64_t best_window(std::span<const Window> windows, int64_t piece);

}  // namespace retort::data
