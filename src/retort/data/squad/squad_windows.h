// The windows over a context that is too long for one sequence, and the window with the most context for a piece.
// Pieces are the context's WordPiece tokens, counted from 0.
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

// Returns windows of at most `capacity` pieces whose starts are min(`doc_stride`, length) apart, up to the one that
// reaches the end; they cover all pieces. No pieces: no windows. Both options must be at least 1.
std::vector<Window> make_windows(int64_t pieces, int64_t capacity, int64_t doc_stride);

// Returns the index of the window with the most context for `piece`: the largest min(pieces left, pieces right) + 0.01
// * length, the first of equals; -1 when no window has the piece. `windows` must be sorted by start.
int64_t best_window(std::span<const Window> windows, int64_t piece);

}  // namespace retort::data
