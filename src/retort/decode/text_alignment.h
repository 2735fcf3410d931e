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

// The part of `original` that `predicted` stands for; the whole of it when the two cannot be aligned character by
// character, or when `predicted` does not occur.
CodePointRange align_prediction(std::u32string_view predicted, std::u32string_view original, bool do_lower_case);

}  // namespace retort::decode
