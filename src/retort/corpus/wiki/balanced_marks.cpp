#include "retort/corpus/wiki/balanced_marks.h"

#include <algorithm>

namespace retort::corpus {
namespace {

// Calls on_pair(range) for every pair, inner ones first.
template <typename OnPair>
void match_marks(std::string_view text, std::string_view open, std::string_view close, const OnPair& on_pair) {
  std::vector<size_t> opened;
  size_t next_open = text.find(open);
  if (next_open == text.npos) return;
  size_t next_close = text.find(close, next_open + open.size());
  while (next_close != text.npos) {
    if (next_open < next_close) {
      opened.push_back(next_open);
      const size_t at = next_open + open.size();
      next_open = text.find(open, at);
      if (next_close < at) next_close = text.find(close, at);
      continue;
    }
    const size_t end = next_close + close.size();
    if (!opened.empty()) {
      on_pair(ByteRange{opened.back(), end});
      opened.pop_back();
    }
    if (opened.empty() && next_open == text.npos) return;
    if (next_open < end) next_open = text.find(open, end);
    next_close = text.find(close, opened.empty() && next_open != text.npos ? next_open + open.size() : end);
  }
}

}  // namespace

std::vector<ByteRange> find_balanced(std::string_view text, std::string_view open, std::string_view close) {
  std::vector<ByteRange> pairs;
  match_marks(text, open, close, [&](ByteRange pair) { pairs.push_back(pair); });
  std::sort(pairs.begin(), pairs.end(), [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  return pairs;
}

std::vector<ByteRange> find_outermost(std::string_view text, std::string_view open, std::string_view close) {
  std::vector<ByteRange> pairs;
  match_marks(text, open, close, [&](ByteRange pair) { add_outer_range(pairs, pair); });
  return pairs;
}

std::string drop_balanced(std::string text, std::string_view open, std::string_view close) {
  const std::vector<ByteRange> pairs = find_outermost(text, open, close);
  return pairs.empty() ? std::move(text) : erase_ranges(text, pairs);
}

}  // namespace retort::corpus
