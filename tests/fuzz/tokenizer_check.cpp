#include "fuzz/tokenizer_check.h"

#include "retort/base/error.h"
#include "retort/text/unicode.h"

namespace retort::fuzz {

void check_encoding(const text::Tokenizer& tokenizer, std::string_view text) {
  text::Encoding encoding;
  tokenizer.encode(text, encoding);
  RETORT_CHECK(encoding.ids.size() == encoding.offsets.size(), "{} ids", encoding.ids.size());
  const std::vector<int32_t> before = text::code_points_before(text);
  RETORT_CHECK(before.size() == text.size() + 1, "{} code-point offsets of {} bytes", before.size(), text.size());
  int32_t begin = 0;
  for (size_t i = 0; i < encoding.ids.size(); ++i) {
    const text::Range range = encoding.offsets[i];
    RETORT_CHECK(encoding.ids[i] >= 0 && encoding.ids[i] < tokenizer.vocabulary_size(), "id {}", encoding.ids[i]);
    RETORT_CHECK(begin <= range.begin && range.begin <= range.end && range.end <= std::ssize(text),
                 "token {} lies at {}..{}", i, range.begin, range.end);
    begin = range.begin;
  }
  RETORT_CHECK(tokenizer.encode_ids(text) == encoding.ids, "the ids change");
  tokenizer.decode(encoding.ids), tokenizer.decode(encoding.ids, /*skip_special_tokens=*/false);
}

}  // namespace retort::fuzz
