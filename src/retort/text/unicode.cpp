// Table lookup and UTF-8. The table has two stages: block of 64 code points, then the entry's number; equal blocks and
// entries are stored once. Hangul syllables decompose by arithmetic (Unicode standard, section 3.12).
#include "retort/text/unicode.h"

#include <cstring>

namespace retort::text {
namespace {

#include "retort/text/unicode_tables.inc"

constexpr char32_t kHangulBase = 0xAC00, kHangulCount = 11172;
constexpr char32_t kLeadBase = 0x1100, kVowelBase = 0x1161, kTrailBase = 0x11A7;
constexpr char32_t kVowelCount = 21, kTrailCount = 28;

bool is_hangul(char32_t code_point) { return code_point - kHangulBase < kHangulCount; }

MappedText decompose_hangul(char32_t code_point) {
  const char32_t index = code_point - kHangulBase;
  const char32_t parts[3] = {kLeadBase + index / (kVowelCount * kTrailCount),
                             kVowelBase + index / kTrailCount % kVowelCount, kTrailBase + index % kTrailCount};
  MappedText text;
  for (int i = 0; i < (parts[2] == kTrailBase ? 2 : 3); ++i) {
    text.byte_count += static_cast<uint8_t>(encode_utf8(parts[i], text.bytes + text.byte_count));
  }
  return text;
}

uint16_t pool_offset(const CodePointRecord& record, Mapping mapping) {
  switch (mapping) {
    case Mapping::kLower:
      return record.lower;
    case Mapping::kDecomposed:
      return record.decomposed;
    case Mapping::kStripped:
      return record.stripped;
    case Mapping::kStrippedLower:
      return record.stripped_lower;
    case Mapping::kIdentity:
      break;
  }
  return 0;
}

// The sequence length of a lead byte, 0 for an invalid one, and the allowed range of the second byte.
struct Lead {
  int byte_count;
  uint8_t second_low, second_high;
};
Lead classify_lead(uint8_t lead) {
  if (lead < 0xC2 || lead > 0xF4) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead < 0xF0) return {3, uint8_t(lead == 0xE0 ? 0xA0 : 0x80), uint8_t(lead == 0xED ? 0x9F : 0xBF)};
  return {4, uint8_t(lead == 0xF0 ? 0x90 : 0x80), uint8_t(lead == 0xF4 ? 0x8F : 0xBF)};
}

}  // namespace

const CodePointRecord& record_of(char32_t code_point) {
  return kRecords[kRecordOf[kBlockOf[code_point / 64] * 64 + code_point % 64]];
}

MappedText map_code_point(char32_t code_point, const CodePointRecord& record, Mapping mapping) {
  if (is_hangul(code_point) && mapping > Mapping::kLower) return decompose_hangul(code_point);
  MappedText text;
  const uint16_t offset = pool_offset(record, mapping);
  if (offset == 0) {
    text.byte_count = static_cast<uint8_t>(encode_utf8(code_point, text.bytes));
  } else {
    text.byte_count = kTexts[offset];
    std::memcpy(text.bytes, kTexts + offset + 1, text.byte_count);
  }
  return text;
}

DecodedCodePoint decode_utf8(const char* at, const char* end) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(at);
  if (bytes[0] < 0x80) return {bytes[0], 1};
  const Lead lead = classify_lead(bytes[0]);
  if (lead.byte_count == 0) return {kReplacement, 1};
  char32_t code_point = bytes[0] & (0x7F >> lead.byte_count);
  for (int i = 1; i < lead.byte_count; ++i) {
    const uint8_t low = i == 1 ? lead.second_low : 0x80, high = i == 1 ? lead.second_high : 0xBF;
    if (at + i == end || bytes[i] < low || bytes[i] > high) return {kReplacement, i};
    code_point = code_point << 6 | (bytes[i] & 0x3F);
  }
  return {code_point, lead.byte_count};
}

const char* previous_code_point(const char* begin, const char* end) {
  const char* at = end - 1;
  // A code point has at most three continuation bytes; if the sequence does not end at `end`, the last byte is
  // ill-formed on its own.
  for (int i = 0; i < 3 && at > begin && (*at & 0xC0) == 0x80; ++i) --at;
  return at + decode_utf8(at, end).byte_count == end ? at : end - 1;
}

int encode_utf8(char32_t code_point, char* out) {
  if (code_point < 0x80) {
    out[0] = static_cast<char>(code_point);
    return 1;
  }
  const int byte_count = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (int i = byte_count - 1; i > 0; --i, code_point >>= 6) out[i] = static_cast<char>(0x80 | (code_point & 0x3F));
  out[0] = static_cast<char>((0xF00 >> byte_count & 0xFF) | code_point);
  return byte_count;
}

bool is_valid_utf8(std::string_view text) {
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    const DecodedCodePoint decoded = decode_utf8(at, end);
    const bool is_literal_replacement = decoded.byte_count == 3 && std::memcmp(at, "\xEF\xBF\xBD", 3) == 0;
    if (decoded.code_point == kReplacement && !is_literal_replacement) return false;
    at += decoded.byte_count;
  }
  return true;
}

std::vector<int32_t> code_points_before(std::string_view text) {
  std::vector<int32_t> before(text.size() + 1);
  int32_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    const DecodedCodePoint decoded = decode_utf8(text.data() + at, text.data() + text.size());
    for (int32_t i = 0; i < decoded.byte_count; ++i) before[at++] = count;
  }
  before[text.size()] = count;
  return before;
}

}  // namespace retort::text
