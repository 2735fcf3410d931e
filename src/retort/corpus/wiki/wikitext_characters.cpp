#include "retort/corpus/wiki/wikitext_characters.h"

#include "retort/text/unicode.h"

namespace retort::corpus {
namespace {

bool is_unicode_space(char32_t code_point) {
  return code_point == 0x20 || (code_point >= 0x09 && code_point <= 0x0D) ||
         (code_point >= 0x1C && code_point <= 0x1F) || code_point == 0x85 || code_point == 0xA0 ||
         code_point == 0x1680 || (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202F || code_point == 0x205F || code_point == 0x3000;
}

text::DecodedCodePoint decode_at(std::string_view text, size_t at) {
  return text::decode_utf8(text.data() + at, text.data() + text.size());
}

}  // namespace

CharacterAt character_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  if (static_cast<unsigned char>(text[at]) < 0x80) return {1, is_name_character(text[at])};
  const text::DecodedCodePoint decoded = decode_at(text, at);
  return {static_cast<size_t>(decoded.byte_count), text::record_of(decoded.code_point).is_word()};
}

size_t find_word_end(std::string_view text, size_t at) {
  for (CharacterAt character = character_at(text, at); character.is_word; character = character_at(text, at))
    at += character.byte_count;
  return at;
}

std::string_view trim_right_space(std::string_view text) {
  while (!text.empty()) {
    const char* const end = text.data() + text.size();
    const char* const last = text::previous_code_point(text.data(), end);
    if (!is_unicode_space(text::decode_utf8(last, end).code_point)) break;
    text.remove_suffix(static_cast<size_t>(end - last));
  }
  return text;
}

std::string_view trim_space(std::string_view text) {
  text = trim_right_space(text);
  while (!text.empty()) {
    const text::DecodedCodePoint first = decode_at(text, 0);
    if (!is_unicode_space(first.code_point)) break;
    text.remove_prefix(static_cast<size_t>(first.byte_count));
  }
  return text;
}

std::string erase_ranges(std::string_view text, const std::vector<ByteRange>& ranges) {
  std::string kept;
  kept.reserve(text.size());
  size_t at = 0;
  for (const ByteRange& range : ranges) {
    kept.append(text.substr(at, range.begin - at));
    at = range.end;
  }
  kept.append(text.substr(at));
  return kept;
}

void add_outer_range(std::vector<ByteRange>& ranges, ByteRange range) {
  while (!ranges.empty() && ranges.back().begin >= range.begin) ranges.pop_back();
  ranges.push_back(range);
}

}  // namespace retort::corpus
