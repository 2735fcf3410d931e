// The words of a SQuAD context and their offsets. Words are separated by space, tab, CR, LF and U+202F (no other white
// space), as in the reference procedure; answers are words joined by one space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"

namespace retort::data {

// Returns the byte ranges of the words of a context, in order; empty for a context of separators only.
std::vector<text::Range> split_words(std::string_view context);

// Returns whether the context has any words.
bool has_words(std::string_view context);

// Returns the words first..last (inclusive), joined by one space.
std::string join_words(std::string_view context, const std::vector<text::Range>& words, size_t first, size_t last);

// Returns the index of the last word that begins at or before `byte`, or -1 before the first word; a separator belongs
// to the word before it.
int64_t word_at(const std::vector<text::Range>& words, int64_t byte);

// Python's str.isspace for one code point: bidirectional types WS, B and S, and category Zs.
bool is_python_space(char32_t code_point);

// Returns the text with each run of Unicode white space (Python's str.split) replaced by one space, none at the ends.
std::string collapse_white_space(std::string_view text);

// Byte offsets of the code points of a text. ASCII texts need no table.
class CodePointIndex {
 public:
  explicit CodePointIndex(std::string_view text);
  int64_t code_points() const { return code_points_; }
  // Returns the byte where code point `index` begins, 0 <= index <= code_points(); for the last one the text's size.
  int64_t byte_of(int64_t index) const { return starts_.empty() ? index : starts_[static_cast<size_t>(index)]; }
  bool is_ascii() const { return starts_.empty(); }

 private:
  std::vector<int32_t> starts_;  // empty for ASCII
  int64_t code_points_ = 0;
};

// Counts the code points of well-formed UTF-8.
int64_t count_code_points(std::string_view text);

}  // namespace retort::data
