#include "retort/data/squad/squad_windows.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::data {

std::vector<Window> make_windows(int64_t pieces, int64_t capacity, int64_t doc_stride) {
  RETORT_CHECK(capacity >= 1 && doc_stride >= 1, "windows of {} pieces every {} pieces", capacity, doc_stride);
  std::vector<Window> windows;
  for (int64_t start = 0; start < pieces;) {
    const int64_t length = std::min(pieces - start, capacity);
    windows.push_back({static_cast<int32_t>(start), static_cast<int32_t>(length)});
    if (start + length == pieces) break;
    start += std::min(length, doc_stride);
  }
  return windows;
}

int64_t best_window(std::span<const Window> windows, int64_t piece) {
  int64_t best = -1;
  double best_score = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    const int64_t left = piece - windows[i].start, right = windows[i].length - 1 - left;
    if (left < 0) break;
    if (right < 0) continue;
    const double score = static_cast<double>(std::min(left, right)) + 0.01 * windows[i].length;
    if (best < 0 || score > best_score) best = static_cast<int64_t>(i), best_score = score;
  }
  return best;
}

}  // namespace retort::data
