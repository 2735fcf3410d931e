// Decodes UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#include "retort/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

namespace retort {
namespace {

constexpr size_t kLongestValue = 500, kLongestLine = 8000;

struct Character {
  char32_t code = 0;
  size_t bytes = 0;  // 0: the text does not begin with a valid character
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t code = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = code << 6 | (next & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, bytes};
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// Bidirectional marks, line and paragraph separators, and other code points without a glyph.
bool is_invisible(char32_t code) {
  return code == 0x61C || (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE007F);
}

void append_escaped(std::string& out, char32_t code) {
  if (code == '\n')
    out += "\\n";
  else if (code == '\t')
    out += "\\t";
  else if (code == '\r')
    out += "\\r";
  else if (code < 0x100)
    out += fmt::format("\\x{:02x}", static_cast<uint32_t>(code));
  else
    out += fmt::format("\\u{:04x}", static_cast<uint32_t>(code));
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    if (is_control(character.code) || is_invisible(character.code))
      append_escaped(out, character.code);
    else
      out += text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
  }
  return out;
}

bool is_inside_character(std::string_view text, size_t place) {
  return place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80;
}

// Keeps the first `head` and the last `tail` bytes, rounded to whole characters.
std::string without_middle(std::string_view text, size_t head, size_t tail) {
  while (is_inside_character(text, head)) --head;
  size_t end = text.size() - tail;
  while (is_inside_character(text, end)) ++end;
  return fmt::format("{}...({} bytes)...{}", text.substr(0, head), end - head, text.substr(end));
}

std::string cut_values(const std::string& line, char quote) {
  std::string out;
  size_t done = 0;
  for (size_t open; (open = line.find(quote, done)) != line.npos;) {
    const size_t close = line.find(quote, open + 1);
    if (close == line.npos) break;
    const std::string_view value = std::string_view(line).substr(open + 1, close - open - 1);
    out += line.substr(done, open + 1 - done);
    out += value.size() > kLongestValue ? without_middle(value, kLongestValue * 3 / 5, kLongestValue / 5)
                                        : std::string(value);
    out += quote;
    done = close + 1;
  }
  return out + line.substr(done);
}

}  // namespace

std::string printable_line(std::string_view text) {
  // Text that is cut out anyway is not escaped first.
  constexpr size_t kReadWhole = 1 << 16;
  std::string line = text.size() > kReadWhole ? escape(text.substr(0, kReadWhole / 2)) +
                                                    fmt::format("...({} bytes)...", text.size() - kReadWhole) +
                                                    escape(text.substr(text.size() - kReadWhole / 2))
                                              : escape(text);
  if (line.size() > kLongestValue) line = cut_values(cut_values(line, '`'), '"');
  return line.size() > kLongestLine ? without_middle(line, kLongestLine * 5 / 8, kLongestLine / 4) : line;
}

}  // namespace retort
