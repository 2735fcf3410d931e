// Projects a predicted text, which is lower-cased and cut into pieces, back onto the original it came from: "steve
// smith" in "Steve Smith's" becomes "Steve Smith". The heuristic of the reference (get_final_text of SQuAD's BERT
// programs), with all its ways of giving up.
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

// A piece of a context, made ready once for all predictions that are looked for in it.
class OriginalText {
 public:
  OriginalText(std::u32string text, bool do_lower_case);
  const std::u32string& text() const { return text_; }

  // The part that `predicted` stands for; the whole of it when the two cannot be aligned character by character, or
  // when `predicted` does not occur.
  CodePointRange align(std::u32string_view predicted) const;

 private:
  std::u32string text_, tokens_;  // tokens: as the basic tokenizer cuts it, joined by spaces
  bool is_alignable_;
};

}  // namespace retort::decode
