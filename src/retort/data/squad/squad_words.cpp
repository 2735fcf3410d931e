#include "retort/data/squad/squad_words.h"

#include <algorithm>

#include "retort/text/unicode.h"

namespace retort::data {
namespace {

bool begins_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// Returns the length in bytes of the separator at `at`, 1 or 3; 0 for a character of a word.
int separator_bytes(std::string_view context, size_t at) {
  const char byte = context[at];
  if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') return 1;
  return byte == '\xE2' && context.substr(at, 3) == "\xE2\x80\xAF" ? 3 : 0;  // U+202F
}

}  // namespace

std::vector<text::Range> split_words(std::string_view context) {
  constexpr size_t kBytesPerWord = 6;  // English, with the separator: one allocation mostly suffices
  std::vector<text::Range> words;
  words.reserve(context.size() / kBytesPerWord + 1);
  bool inside = false;
  for (size_t at = 0; at < context.size();) {
    const int separator = separator_bytes(context, at);
    if (separator == 0 && !inside) words.push_back({static_cast<int32_t>(at), 0});
    if (separator != 0 && inside) words.back().end = static_cast<int32_t>(at);
    inside = separator == 0;
    at += static_cast<size_t>(std::max(separator, 1));
  }
  if (inside) words.back().end = static_cast<int32_t>(context.size());
  return words;
}

bool has_words(std::string_view context) {
  size_t at = 0;
  while (at < context.size() && separator_bytes(context, at) > 0)
    at += static_cast<size_t>(separator_bytes(context, at));
  return at < context.size();
}

std::string join_words(std::string_view context, const std::vector<text::Range>& words, size_t first, size_t last) {
  std::string joined;
  for (size_t word = first; word <= last && word < words.size(); ++word) {
    if (word > first) joined += ' ';
    joined += context.substr(static_cast<size_t>(words[word].begin),
                             static_cast<size_t>(words[word].end - words[word].begin));
  }
  return joined;
}

int64_t word_at(const std::vector<text::Range>& words, int64_t byte) {
  const auto after = std::upper_bound(words.begin(), words.end(), byte,
                                      [](int64_t value, const text::Range& word) { return value < word.begin; });
  return after - words.begin() - 1;
}

bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string collapse_white_space(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const text::DecodedCodePoint next = text::decode_utf8(at, end);
    if (is_python_space(next.code_point)) {
      gap = !result.empty();
    } else {
      if (gap) result += ' ';
      gap = false;
      result.append(at, static_cast<size_t>(next.byte_count));
    }
    at += next.byte_count;
  }
  return result;
}

CodePointIndex::CodePointIndex(std::string_view text) : code_points_(count_code_points(text)) {
  if (code_points_ == static_cast<int64_t>(text.size())) return;
  starts_.reserve(static_cast<size_t>(code_points_) + 1);
  for (size_t at = 0; at < text.size(); ++at)
    if (begins_code_point(text[at])) starts_.push_back(static_cast<int32_t>(at));
  starts_.push_back(static_cast<int32_t>(text.size()));
}

int64_t count_code_points(std::string_view text) { return std::count_if(text.begin(), text.end(), begins_code_point); }

}  // namespace retort::data
