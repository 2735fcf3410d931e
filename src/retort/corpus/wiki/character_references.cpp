#include "retort/corpus/wiki/character_references.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>

#include "retort/corpus/wiki/wikitext_characters.h"
#include "retort/text/unicode.h"

namespace retort::corpus {
namespace {

struct NamedCharacter {
  std::string_view name;
  char32_t code_point;
};

#include "retort/corpus/wiki/character_names.inc"

constexpr char32_t kNothing = 0;            // the reference is removed
constexpr char32_t kFirstBeyond = 0x10000;  // code points from here on vanish, as in the published extractor
constexpr size_t kLongestReference = 16;    // bytes between & and ; of the longest name or number

std::optional<char32_t> maybe_named(std::string_view name) {
  const auto found = std::lower_bound(std::begin(kNamedCharacters), std::end(kNamedCharacters), name,
                                      [](const NamedCharacter& a, std::string_view b) { return a.name < b; });
  if (found == std::end(kNamedCharacters) || found->name != name) return std::nullopt;
  return found->code_point;
}

std::optional<char32_t> maybe_numbered(std::string_view digits) {
  const bool is_hexadecimal = digits.starts_with('x') || digits.starts_with('X');
  if (is_hexadecimal) digits.remove_prefix(1);
  uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, is_hexadecimal ? 16 : 10);
  if (digits.empty() || end != digits.data() + digits.size() || error == std::errc::invalid_argument)
    return std::nullopt;
  const bool is_surrogate = number >= 0xD800 && number < 0xE000;
  return error != std::errc() || number >= kFirstBeyond || is_surrogate ? kNothing : static_cast<char32_t>(number);
}

// The character of the reference whose & is at `at`; `end` becomes the byte after its `;`.
std::optional<char32_t> maybe_reference(std::string_view text, size_t at, size_t& end) {
  const std::string_view body = text.substr(at + 1, kLongestReference + 1);
  const size_t semicolon = body.find(';');
  if (semicolon == body.npos) return std::nullopt;
  end = at + 1 + semicolon + 1;
  const std::string_view name = body.substr(0, semicolon);
  return name.starts_with('#') ? maybe_numbered(name.substr(1)) : maybe_named(name);
}

}  // namespace

std::string decode_character_references(std::string text) {
  size_t reference = text.find('&');
  if (reference == text.npos) return text;
  std::string out;
  out.reserve(text.size());
  size_t written = 0, end = 0;
  for (; reference != text.npos; reference = text.find('&', std::max(written, reference + 1))) {
    const std::optional<char32_t> code_point = maybe_reference(text, reference, end);
    if (!code_point) continue;
    out.append(text, written, reference - written);
    char bytes[4];
    if (*code_point != kNothing) out.append(bytes, static_cast<size_t>(text::encode_utf8(*code_point, bytes)));
    written = end;
  }
  return out.append(text, written);
}

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace retort::corpus
