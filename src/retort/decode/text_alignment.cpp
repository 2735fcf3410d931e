#include "retort/decode/text_alignment.h"

#include <algorithm>

#include "retort/decode/python_text.h"

namespace retort::decode {
namespace {

int64_t count_non_spaces(std::u32string_view text) {
  return static_cast<int64_t>(text.size()) - std::count(text.begin(), text.end(), U' ');
}

// Index of the non-space character number `ordinal`, which exists.
int64_t index_of_non_space(std::u32string_view text, int64_t ordinal) {
  for (size_t i = 0;; ++i)
    if (text[i] != U' ' && ordinal-- == 0) return static_cast<int64_t>(i);
}

}  // namespace

CodePointRange align_prediction(std::u32string_view predicted, std::u32string_view original, bool do_lower_case) {
  const CodePointRange whole{0, static_cast<int64_t>(original.size())};
  const std::u32string tokens = basic_tokens(original, do_lower_case);
  const size_t begin = tokens.find(predicted);
  if (begin == std::u32string::npos || predicted.empty()) return whole;
  if (count_non_spaces(original) != count_non_spaces(tokens)) return whole;
  const size_t last = begin + predicted.size() - 1;
  if (tokens[begin] == U' ' || tokens[last] == U' ') return whole;
  const std::u32string_view view = tokens;
  return {index_of_non_space(original, count_non_spaces(view.substr(0, begin))),
          index_of_non_space(original, count_non_spaces(view.substr(0, last))) + 1};
}

}  // namespace retort::decode
