// Classes of characters in UTF-8 wikitext, shared by the cleaning steps: word characters (\w of regular expressions)
// and white space as in Python's str.strip, which the published extractor uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

// ASCII letters, digits and `_`, of which the names of tags and references are made.
constexpr bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Space, tab, line ends, vertical tab, form feed.
constexpr bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A code point at a byte: how many bytes it takes, and whether it is a word character. 0 bytes at the end.
struct CharacterAt {
  size_t byte_count = 0;
  bool is_word = false;
};
CharacterAt character_at(std::string_view text, size_t at);

// The byte after the run of word characters that begins at `at`; `at` itself when there is no such character.
size_t find_word_end(std::string_view text, size_t at);

// Without white space, that of Unicode included, at both ends, or at the right one.
std::string_view trim_space(std::string_view text);
std::string_view trim_right_space(std::string_view text);

// Bytes begin..end of a text.
struct ByteRange {
  size_t begin = 0, end = 0;
};

// The text without these ranges, which are in order and do not overlap.
std::string erase_ranges(std::string_view text, const std::vector<ByteRange>& ranges);

// Adds a range that ends after all others; ranges inside it are removed.
void add_outer_range(std::vector<ByteRange>& ranges, ByteRange range);

}  // namespace retort::corpus
