// See pickle_lines.h.
#include "retort/checkpoint/pickle_lines.h"

#include <algorithm>
#include <charconv>

#include "retort/base/error.h"

namespace retort::checkpoint {
namespace {

void append_utf8(uint32_t code_point, std::string& out) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  const auto tail = [&](int shift) { byte(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) return byte(code_point);
  if (code_point < 0x800) return byte(0xC0 | (code_point >> 6)), tail(0);
  if (code_point < 0x10000) return byte(0xE0 | (code_point >> 12)), tail(6), tail(0);
  byte(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0);
}

PickleValue decode_decimal(std::string_view digits, const std::string& subject) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_read = end == digits.data() + digits.size();
  if (is_read && error == std::errc::result_out_of_range) return {.kind = PickleKind::kOpaque, .text = digits};
  if (!is_read || error != std::errc()) throw_bad_pickle(subject, "write integers in decimal digits, but does not");
  return {.kind = PickleKind::kInteger, .number = number};
}

}  // namespace

void throw_bad_pickle(const std::string& subject, const std::string& must) {
  throw UserError(
      "the pickle in `{}` must {}; the file is damaged or no plain checkpoint: save the model again, preferably "
      "as safetensors",
      subject, must);
}

PickleValue decode_int_line(std::string_view line, const std::string& subject) {
  if (line == "00" || line == "01") return {.kind = PickleKind::kBool, .number = line == "01" ? 1 : 0};
  return decode_decimal(line, subject);
}

PickleValue decode_long_line(std::string_view line, const std::string& subject) {
  if (line.ends_with('L')) line.remove_suffix(1);
  return decode_decimal(line, subject);
}

std::string_view decode_string_line(std::string_view line, const std::string& subject) {
  const bool is_quoted =
      line.size() >= 2 && (line.front() == '\'' || line.front() == '"') && line.back() == line.front();
  if (!is_quoted) throw_bad_pickle(subject, "hold its strings in quotes, but does not");
  return line.substr(1, line.size() - 2);
}

std::optional<std::string> maybe_decode_unicode_line(std::string_view line, const std::string& subject) {
  if (std::ranges::all_of(line, [](char c) { return c != '\\' && static_cast<unsigned char>(c) < 0x80; }))
    return std::nullopt;
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    uint32_t code_point = static_cast<unsigned char>(line[i]);
    const std::string_view rest = line.substr(i + 1);
    const size_t digits = line[i] != '\\' ? 0 : rest.starts_with('u') ? 4 : rest.starts_with('U') ? 8 : 0;
    if (digits > 0) {
      const char* const first = rest.data() + 1;
      const char* const last = rest.data() + std::min(rest.size(), digits + 1);
      const auto [end, error] = std::from_chars(first, last, code_point, 16);
      if (error != std::errc() || end != first + digits || code_point > 0x10FFFF)
        throw_bad_pickle(subject, "escape its strings as Python does, but does not");
      i += digits + 1;
    }
    append_utf8(code_point, text);
  }
  return text;
}

size_t decode_memo_line(std::string_view line, const std::string& subject) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
  if (error != std::errc() || end != line.data() + line.size())
    throw_bad_pickle(subject, "number its memoized values, but does not");
  return index;
}

}  // namespace retort::checkpoint
