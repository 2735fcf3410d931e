#include "retort/decode/text_alignment.h"

#include <algorithm>

#include "retort/decode/python_text.h"

namespace retort::decode {
namespace {

int64_t count_non_spaces(std::u32string_view text) {
  return static_cast<int64_t>(text.size()) - std::count(text.begin(), text.end(), U' ');
}

// Index of the non-space character with number `ordinal`, which must exist.
int64_t index_of_non_space(std::u32string_view text, int64_t ordinal) {
  for (size_t i = 0;; ++i)
    if (text[i] != U' ' && ordinal-- == 0) return static_cast<int64_t>(i);
}

}  // namespace

OriginalText::OriginalText(std::u32string text, bool do_lower_case)
    : text_(std::move(text)),
      tokens_(basic_tokens(text_, do_lower_case)),
      is_alignable_(count_non_spaces(text_) == count_non_spaces(tokens_)) {}

CodePointRange OriginalText::align(std::u32string_view predicted) const {
  const CodePointRange whole{0, static_cast<int64_t>(text_.size())};
  if (!is_alignable_ || predicted.empty()) return whole;
  const std::u32string_view tokens = tokens_;
  const size_t begin = tokens.find(predicted);
  if (begin == tokens.npos) return whole;
  const size_t last = begin + predicted.size() - 1;
  if (tokens[begin] == U' ' || tokens[last] == U' ') return whole;
  return {index_of_non_space(text_, count_non_spaces(tokens.substr(0, begin))),
          index_of_non_space(text_, count_non_spaces(tokens.substr(0, last))) + 1};
}

}  // namespace retort::decode
