// Maps a predicted text, which is lower-cased and tokenized, back to the original text: "steve smith" in
// "Steve Smith's" becomes "Steve Smith". Reproduces the heuristic of the reference (get_final_text of SQuAD's BERT
// programs), including the cases where it returns the whole text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace retort::decode {

// Half-open range of code points.
struct CodePointRange {
  int64_t begin = 0, end = 0;
  bool operator==(const CodePointRange&) const = default;
};

// A part of a context, preprocessed once for all predictions that are aligned with it.
class OriginalText {
 public:
  OriginalText(std::u32string text, bool do_lower_case);
  const std::u32string& text() const { return text_; }

  // The range that `predicted` corresponds to; the whole text when the two cannot be aligned character by character, or
  // when `predicted` does not occur.
  CodePointRange align(std::u32string_view predicted) const;

 private:
  std::u32string text_, tokens_;  // tokens_: the basic tokenizer's words, joined by spaces
  bool is_alignable_;
};

}  // namespace retort::decode
