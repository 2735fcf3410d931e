#include "retort/corpus/wiki/quote_marks.h"

#include <algorithm>
#include <string_view>

namespace retort::corpus {
namespace {

// The next position of `mark`; the text's size when there is none.
size_t find_or_end(std::string_view text, std::string_view mark, size_t at) {
  const size_t found = text.find(mark, at);
  return found == text.npos ? text.size() : found;
}

bool holds_line_end(std::string_view text) { return text.find('\n') != text.npos; }

// mark X mark -> quote X quote, for X within a line and as short as possible.
std::string replace_pairs(std::string text, std::string_view mark, std::string_view quote) {
  size_t open = find_or_end(text, mark, 0);
  if (open == text.size()) return text;
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  while (open < text.size()) {
    const size_t inner = open + mark.size();
    const size_t close = find_or_end(text, mark, inner);
    if (close == text.size()) break;
    if (holds_line_end(std::string_view(text).substr(inner, close - inner))) {
      open = close;
      continue;
    }
    out.append(text, written, open - written).append(quote).append(text, inner, close - inner).append(quote);
    written = close + mark.size();
    open = find_or_end(text, mark, written);
  }
  return out.append(text, written);
}

// ""X"" -> "X", for X within a line and without a double quote.
std::string merge_doubled_quotes(std::string text) {
  constexpr std::string_view kDoubled = "\"\"";
  size_t open = find_or_end(text, kDoubled, 0);
  if (open == text.size()) return text;
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  while (open < text.size()) {
    const size_t inner = open + kDoubled.size();
    const size_t close = std::min(text.find_first_of("\"\n", inner), text.size());
    if (!std::string_view(text).substr(close).starts_with(kDoubled)) {
      open = find_or_end(text, kDoubled, open + 1);
      continue;
    }
    out.append(text, written, open - written).append("\"").append(text, inner, close - inner).append("\"");
    written = close + kDoubled.size();
    open = find_or_end(text, kDoubled, written);
  }
  return out.append(text, written);
}

// The residues: ''' vanishes, then '' becomes a double quote.
std::string replace_residues(std::string text) {
  size_t mark = find_or_end(text, "''", 0);
  if (mark == text.size()) return text;
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  while (mark < text.size()) {
    out.append(text, written, mark - written);
    size_t end = mark;
    while (end < text.size() && text[end] == '\'') ++end;
    const size_t left = (end - mark) % 3;  // of a run of quotes, after every three are gone
    out.append(left == 2 ? "\"" : left == 1 ? "'" : "");
    written = end;
    mark = find_or_end(text, "''", written);
  }
  return out.append(text, written);
}

}  // namespace

std::string replace_quote_marks(std::string text) {
  if (text.find("''") != text.npos) {
    text = replace_pairs(std::move(text), "'''''", "");
    text = replace_pairs(std::move(text), "'''", "");
    text = replace_pairs(std::move(text), "''", "\"");
  }
  text = merge_doubled_quotes(std::move(text));
  return replace_residues(std::move(text));
}

}  // namespace retort::corpus
