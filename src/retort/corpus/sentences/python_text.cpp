// The table has two stages: block of 64 code points, then the record's number. U+0130 is the one character whose lower
// case has two, and the capital sigma the one whose lower case depends on its neighbors (CPython, unicodeobject.c,
// handle_capital_final_sigma).
#include "retort/corpus/sentences/python_text.h"

#include "retort/text/unicode.h"

namespace retort::corpus {
namespace {

struct CharRecord {
  uint8_t classes;
  int32_t to_lower;  // distance to the first character of the lower case
};

#include "retort/corpus/sentences/python_text_tables.inc"

constexpr char32_t kCapitalSigma = 0x3A3, kSmallSigma = 0x3C3, kFinalSigma = 0x3C2, kDottedCapitalI = 0x130;
constexpr std::string_view kDotAbove = "\xCC\x87";

constexpr const CharRecord& record_of(char32_t code_point) {
  return kRecords[kRecordOf[kBlockOf[code_point / 64] * 64 + code_point % 64]];
}

Character read_before(const char* begin, const char* end) {
  return read_character(text::previous_code_point(begin, end), end);
}

// Whether the nearest character before `end` that counts is cased.
bool follows_cased(const char* begin, const char* end) {
  while (end > begin) {
    const Character before = read_before(begin, end);
    if (!before.is(kPassedOver)) return before.is(kCased);
    end -= before.byte_count;
  }
  return false;
}

bool precedes_cased(const char* at, const char* end) {
  while (at < end) {
    const Character next = read_character(at, end);
    if (!next.is(kPassedOver)) return next.is(kCased);
    at += next.byte_count;
  }
  return false;
}

char32_t lower_of_sigma(std::string_view text, const char* at) {
  const char *const begin = text.data(), *const end = begin + text.size();
  return follows_cased(begin, at) && !precedes_cased(at + 2, end) ? kFinalSigma : kSmallSigma;
}

}  // namespace

constinit const std::array<uint8_t, 128> kAsciiClasses = [] {
  std::array<uint8_t, 128> classes{};
  for (char32_t code_point = 0; code_point < 128; ++code_point) classes[code_point] = record_of(code_point).classes;
  return classes;
}();

Character read_beyond_ascii(const char* at, const char* end) {
  const text::DecodedCodePoint decoded = text::decode_utf8(at, end);
  return {decoded.code_point, decoded.byte_count, record_of(decoded.code_point).classes};
}

void append_lower(std::string_view text, std::string& out) {
  const char *at = text.data(), *const end = at + text.size();
  while (at < end) {
    const auto first = static_cast<unsigned char>(*at);
    if (first < 0x80) {
      out.push_back(static_cast<char>(first >= 'A' && first <= 'Z' ? first + ('a' - 'A') : first));
      ++at;
      continue;
    }
    const Character character = read_character(at, end);
    const char32_t code_point = character.code_point;
    const char32_t lower =
        code_point == kCapitalSigma
            ? lower_of_sigma(text, at)
            : static_cast<char32_t>(static_cast<int32_t>(code_point) + record_of(code_point).to_lower);
    char bytes[4];
    out.append(bytes, static_cast<size_t>(text::encode_utf8(lower, bytes)));
    if (code_point == kDottedCapitalI) out.append(kDotAbove);
    at += character.byte_count;
  }
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    const Character last = read_before(text.data(), text.data() + text.size());
    if (!last.is(kStripped)) break;
    text.remove_suffix(static_cast<size_t>(last.byte_count));
  }
  return text;
}

std::string_view strip(std::string_view text) {
  text = strip_right(text);
  while (!text.empty()) {
    const Character first = read_character(text.data(), text.data() + text.size());
    if (!first.is(kStripped)) break;
    text.remove_prefix(static_cast<size_t>(first.byte_count));
  }
  return text;
}

}  // namespace retort::corpus
