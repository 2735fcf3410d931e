// Unicode for the tokenizer: UTF-8 decoding and encoding, character classes, decomposition and lower case. The classes
// are those of the `tokenizers` library, which mixes several Unicode versions; unicode_tables.inc was generated from
// the library itself (`tools/make_fixtures.py unicode_tables`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace retort::text {

constexpr char32_t kReplacement = 0xFFFD;

// One entry of the table. The four strings are offsets into a pool, 0 when the string is the code point itself.
struct CodePointRecord {
  uint8_t flags, combining_class;
  uint16_t lower, decomposed, stripped, stripped_lower;

  bool is_dropped() const { return flags & 1; }      // control characters and others that clean_text removes
  bool is_whitespace() const { return flags & 2; }   // separates words
  bool is_chinese() const { return flags & 4; }      // gets spaces around it
  bool is_punctuation() const { return flags & 8; }  // is a separate word
  bool is_word() const { return flags & 16; }        // \w of regular expressions
  bool is_nonstarter() const { return flags & 32; }  // its decomposition begins with a combining mark
  bool has_kept_mark() const { return flags & 64; }  // a mark of its decomposition survives accent stripping
};

// The entry of a code point below 0x110000.
const CodePointRecord& record_of(char32_t code_point);

// Selects one of the four strings of a code point.
enum class Mapping { kIdentity, kLower, kDecomposed, kStripped, kStrippedLower };

// A short UTF-8 string by value; the longest mapping takes 15 bytes.
struct MappedText {
  uint8_t byte_count = 0;
  char bytes[15];
  std::string_view view() const { return {bytes, byte_count}; }
};

// Applies `mapping` to a code point (kStripped: canonical decomposition without nonspacing marks; may be empty).
MappedText map_code_point(char32_t code_point, const CodePointRecord& record, Mapping mapping);

// A decoded code point. An ill-formed sequence gives U+FFFD for its longest prefix that could begin a well-formed
// sequence, at least one byte: U+FFFD substitution of maximal subparts (Unicode standard, 3.9), as in Python's
// errors="replace".
struct DecodedCodePoint {
  char32_t code_point;
  int32_t byte_count;
};
DecodedCodePoint decode_utf8(const char* at, const char* end);

// The first byte of the code point that ends at `end`; the search stops at `begin`. begin < end.
const char* previous_code_point(const char* begin, const char* end);

// Writes 1 to 4 bytes and returns their number.
int encode_utf8(char32_t code_point, char* out);

// True when no byte of the text is ill-formed.
bool is_valid_utf8(std::string_view text);

// Converts byte offsets to code-point offsets: result[i] is the number of code points that end at or before byte i, for
// i = 0..text.size(), so every byte of a code point maps to the code point's number. An ill-formed sequence counts as
// one code point, like the U+FFFD that it decodes to.
std::vector<int32_t> code_points_before(std::string_view text);

}  // namespace retort::text
