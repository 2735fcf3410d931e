#include "retort/data/table/text_damage.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "retort/text/unicode.h"

namespace retort::data {

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text); }

size_t find_broken_byte(std::string_view text) {
  const char *at = text.data(), *const end = at + text.size();
  while (at < end) {
    const text::DecodedCodePoint decoded = text::decode_utf8(at, end);
    const bool is_written_so = std::string_view(at, end - at).starts_with("\xEF\xBF\xBD");
    if (decoded.code_point == text::kReplacement && !is_written_so) break;
    at += decoded.byte_count;
  }
  return at - text.data();
}

std::optional<std::string> maybe_text_damage(std::string_view text) {
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fmt::format("must be text, but has a NUL byte at byte {}", nul + 1);
  if (is_utf8(text)) return {};
  return fmt::format("must be UTF-8 text, but is broken at byte {}", find_broken_byte(text) + 1);
}

}  // namespace retort::data
