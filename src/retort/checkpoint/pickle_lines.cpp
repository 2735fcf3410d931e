// The instructions of the pickle machine whose argument is a line of text, as protocol 0 has them (pickle_machine.h).
#include <algorithm>
#include <charconv>

#include "retort/checkpoint/pickle_calls.h"
#include "retort/checkpoint/pickle_machine.h"

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

}  // namespace

bool PickleMachine::run_line(uint8_t instruction) {
  switch (instruction) {
    case 'I': {  // INT; two of them are true and false
      const std::string_view line = cursor_.take_line();
      if (line == "00" || line == "01")
        push({.kind = PickleKind::kBool, .number = line == "01" ? 1 : 0});
      else
        push_decimal(line);
      return true;
    }
    case 'L': {  // LONG
      std::string_view line = cursor_.take_line();
      if (line.ends_with('L')) line.remove_suffix(1);
      push_decimal(line);
      return true;
    }
    case 'F':  // FLOAT
      cursor_.take_line();
      push({.kind = PickleKind::kOpaque});
      return true;
    case 'S':  // STRING, from Python 2
      push_quoted(cursor_.take_line());
      return true;
    case 'V':  // UNICODE
      push_raw_unicode(cursor_.take_line());
      return true;
    case 'P':  // PERSID
      push(refer_to_storage(content_, cursor_.take_line(), subject_));
      return true;
    case 'p':  // PUT
      remember(take_place());
      return true;
    case 'g':  // GET
      recall(take_place());
      return true;
    default:
      return false;
  }
}

void PickleMachine::push_decimal(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_read = end == digits.data() + digits.size();
  if (is_read && error == std::errc::result_out_of_range) return push({.kind = PickleKind::kOpaque, .text = digits});
  if (!is_read || error != std::errc()) fail("write its whole numbers in decimal digits, but does not");
  push_integer(number);
}

// A text in quotes as Python writes it. Escapes are let stand: names of tensors need none.
// none.
void PickleMachine::push_quoted(std::string_view line) {
  const bool is_quoted =
      line.size() >= 2 && (line.front() == '\'' || line.front() == '"') && line.back() == line.front();
  if (!is_quoted) fail("hold its texts in quotes, but does not");
  push_text(PickleKind::kText, line.substr(1, line.size() - 2));
}

// The text as UTF-8: the pickle has each code point below 256 as one byte, all others as \uXXXX or \UXXXXXXXX.
void PickleMachine::push_raw_unicode(std::string_view line) {
  if (std::ranges::all_of(line, [](char c) { return c != '\\' && static_cast<unsigned char>(c) < 0x80; }))
    return push_text(PickleKind::kText, line);
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
        fail("escape its texts as Python does, but does not");
      i += digits + 1;
    }
    append_utf8(code_point, text);
  }
  push_text(PickleKind::kText, own(std::move(text)));
}

std::string_view PickleMachine::own(std::string text) { return content_.decoded.emplace_back(std::move(text)); }

// The number of a remembered value, as a line of digits.
size_t PickleMachine::take_place() {
  const std::string_view line = cursor_.take_line();
  size_t place = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), place);
  if (error != std::errc() || end != line.data() + line.size())
    fail("number the values that it remembers, but does not");
  return place;
}

}  // namespace retort::checkpoint
