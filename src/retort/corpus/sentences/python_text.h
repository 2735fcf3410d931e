// The properties of text that Punkt uses, as in Python: classes of characters in regular expressions and of str
// methods, and str.lower. The table in python_text_tables.inc holds what Python 3.11 and the `regex` package, which
// evaluates NLTK's expressions, say of every code point (`tools/make_fixtures.py python_text_tables`).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace retort::corpus {

// Bits of a character's class.
enum CharClass : uint8_t {
  kSpace = 1,         // \s of `regex`
  kStripped = 2,      // str.isspace, what str.strip takes: \s and U+001C to U+001F
  kLetter = 4,        // [^\W\d]
  kDigit = 8,         // \d
  kUpper = 16,        // str.isupper
  kLower = 32,        // str.islower
  kCased = 64,        // before a capital sigma at the end of a word
  kPassedOver = 128,  // between those two, without an effect
};

struct Character {
  char32_t code_point;
  int32_t byte_count;
  uint8_t classes;  // of CharClass

  bool is(CharClass wanted) const { return (classes & wanted) != 0; }
};

extern const std::array<uint8_t, 128> kAsciiClasses;
Character read_beyond_ascii(const char* at, const char* end);

// The first character of at..end, which must not be empty. Ill-formed bytes count as U+FFFD.
inline Character read_character(const char* at, const char* end) {
  const auto first = static_cast<unsigned char>(*at);
  return first < 0x80 ? Character{first, 1, kAsciiClasses[first]} : read_beyond_ascii(at, end);
}

// Appends text.lower().
void append_lower(std::string_view text, std::string& out);

// text.rstrip() and text.strip().
std::string_view strip_right(std::string_view text);
std::string_view strip(std::string_view text);

}  // namespace retort::corpus
