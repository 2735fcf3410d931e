// See pickle_machine.h. The instructions stand in groups; each case names its instruction as CPython does.
#include "retort/checkpoint/pickle_machine.h"

#include <algorithm>
#include <charconv>

#include "retort/checkpoint/pickle_calls.h"

namespace retort::checkpoint {
namespace {

constexpr uint8_t kStop = '.';
constexpr uint8_t kProto = 0x80;
constexpr uint8_t kMaxProtocol = 5;

void append_utf8(uint32_t code_point, std::string& out) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  const auto tail = [&](int shift) { byte(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) return byte(code_point);
  if (code_point < 0x800) return byte(0xC0 | (code_point >> 6)), tail(0);
  if (code_point < 0x10000) return byte(0xE0 | (code_point >> 12)), tail(6), tail(0);
  byte(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0);
}

}  // namespace

PickleContent read_pickle(std::span<const std::byte> bytes, const std::string& subject) {
  ByteCursor cursor(bytes, subject);
  PickleContent content = read_next_pickle(cursor, subject);
  if (cursor.remaining_bytes() != 0) {
    throw UserError(
        "the pickle in `{}` must end with one value, but goes on; the file is damaged or no plain checkpoint: save the "
        "model again, best as safetensors",
        subject);
  }
  return content;
}

PickleContent read_next_pickle(ByteCursor& cursor, const std::string& subject) {
  return PickleMachine(cursor, subject).run();
}

// Protocols 0 and 1 do not say their number.
PickleContent PickleMachine::run() {
  auto instruction = cursor_.take<uint8_t>();
  if (instruction == kProto) {
    const auto protocol = cursor_.take<uint8_t>();
    if (protocol > kMaxProtocol) fail(fmt::format("have a protocol from 0 to {}, but has {}", kMaxProtocol, protocol));
    instruction = cursor_.take<uint8_t>();
  }
  for (; instruction != kStop; instruction = cursor_.take<uint8_t>()) {
    const bool is_known = run_constant(instruction) || run_line(instruction) || run_text(instruction) ||
                          run_container(instruction) || run_memo(instruction) || run_call(instruction);
    if (!is_known) {
      fail(fmt::format("use only the instructions that plain values and tensors need, but uses {:#04x} at byte {}",
                       instruction, cursor_.position() - 1));
    }
  }
  content_.root = pop();
  if (!stack_.empty() || !marks_.empty()) fail("end with one value, but goes on");
  return std::move(content_);
}

bool PickleMachine::run_constant(uint8_t instruction) {
  switch (instruction) {
    case 'N':
      push({});
      return true;  // NONE
    case 0x88:
      push({.kind = PickleKind::kBool, .number = 1});
      return true;  // NEWTRUE
    case 0x89:
      push({.kind = PickleKind::kBool, .number = 0});
      return true;  // NEWFALSE
    case 'J':
      push_integer(cursor_.take<int32_t>());
      return true;  // BININT
    case 'K':
      push_integer(cursor_.take<uint8_t>());
      return true;  // BININT1
    case 'M':
      push_integer(cursor_.take<uint16_t>());
      return true;  // BININT2
    case 0x8A:
      push_long(cursor_.take_bytes(cursor_.take<uint8_t>()));
      return true;  // LONG1
    case 0x8B:
      push_long(cursor_.take_bytes(cursor_.take<uint32_t>()));
      return true;  // LONG4
    case 'G':       // BINFLOAT
      cursor_.take_bytes(8);
      push({.kind = PickleKind::kOpaque});
      return true;
    case 0x95:
      cursor_.take_bytes(8);
      return true;  // FRAME: a hint for buffering
    default:
      return false;
  }
}

// What protocol 0 writes as a line of text.
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

bool PickleMachine::run_text(uint8_t instruction) {
  const auto text = [&](PickleKind kind, uint64_t byte_count) {
    push_text(kind, cursor_.take_text(byte_count));
    return true;
  };
  switch (instruction) {
    case 0x8C:
      return text(PickleKind::kText, cursor_.take<uint8_t>());  // SHORT_BINUNICODE
    case 'X':
      return text(PickleKind::kText, cursor_.take<uint32_t>());  // BINUNICODE
    case 0x8D:
      return text(PickleKind::kText, cursor_.take<uint64_t>());  // BINUNICODE8
    case 'U':
      return text(PickleKind::kText, cursor_.take<uint8_t>());  // SHORT_BINSTRING, from Python 2
    case 'T':
      return text(PickleKind::kText, cursor_.take<uint32_t>());  // BINSTRING, from Python 2
    case 'C':
      return text(PickleKind::kBytes, cursor_.take<uint8_t>());  // SHORT_BINBYTES
    case 'B':
      return text(PickleKind::kBytes, cursor_.take<uint32_t>());  // BINBYTES
    case 0x8E:
      return text(PickleKind::kBytes, cursor_.take<uint64_t>());  // BINBYTES8
    case 0x96:
      return text(PickleKind::kBytes, cursor_.take<uint64_t>());  // BYTEARRAY8
    default:
      return false;
  }
}

bool PickleMachine::run_container(uint8_t instruction) {
  const auto append_one = [&] {
    const ValueId item = pop();
    append_to_top(PickleKind::kList, {item});
  };
  const auto set_one = [&] {
    const ValueId value = pop(), key = pop();
    append_to_top(PickleKind::kDict, {key, value});
  };
  switch (instruction) {
    case '(':
      marks_.push_back(stack_.size());
      return true;  // MARK
    case '0':
      pop();
      return true;  // POP
    case '1':
      pop_to_mark();
      return true;  // POP_MARK
    case '2':
      stack_.push_back(top());
      return true;  // DUP
    case ')':
      push_tuple(0);
      return true;  // EMPTY_TUPLE
    case 0x85:
      push_tuple(1);
      return true;  // TUPLE1
    case 0x86:
      push_tuple(2);
      return true;  // TUPLE2
    case 0x87:
      push_tuple(3);
      return true;  // TUPLE3
    case 't':
      push({.kind = PickleKind::kTuple, .items = pop_to_mark()});
      return true;  // TUPLE
    case 0x91:
      push({.kind = PickleKind::kTuple, .items = pop_to_mark()});
      return true;  // FROZENSET
    case 'l':
      push({.kind = PickleKind::kList, .items = pop_to_mark()});
      return true;  // LIST
    case 'd': {     // DICT
      std::vector<ValueId> items = pop_to_mark();
      if (items.size() % 2 != 0) fail("hold dictionaries of pairs, but one has a key without a value");
      push({.kind = PickleKind::kDict, .items = std::move(items)});
      return true;
    }
    case ']':
      push({.kind = PickleKind::kList});
      return true;  // EMPTY_LIST
    case 0x8F:
      push({.kind = PickleKind::kList});
      return true;  // EMPTY_SET
    case 'a':
      append_one();
      return true;  // APPEND
    case 'e':
      append_to_top(PickleKind::kList, pop_to_mark());
      return true;  // APPENDS
    case 0x90:
      append_to_top(PickleKind::kList, pop_to_mark());
      return true;  // ADDITEMS
    case '}':
      push({.kind = PickleKind::kDict});
      return true;  // EMPTY_DICT
    case 's':
      set_one();
      return true;  // SETITEM
    case 'u':
      append_to_top(PickleKind::kDict, pop_to_mark());
      return true;  // SETITEMS
    default:
      return false;
  }
}

bool PickleMachine::run_memo(uint8_t instruction) {
  switch (instruction) {
    case 'q':
      remember(cursor_.take<uint8_t>());
      return true;  // BINPUT
    case 'r':
      remember(cursor_.take<uint32_t>());
      return true;  // LONG_BINPUT
    case 0x94:
      remember(memo_.size());
      return true;  // MEMOIZE
    case 'h':
      recall(cursor_.take<uint8_t>());
      return true;  // BINGET
    case 'j':
      recall(cursor_.take<uint32_t>());
      return true;  // LONG_BINGET
    default:
      return false;
  }
}

bool PickleMachine::run_call(uint8_t instruction) {
  switch (instruction) {
    case 'c': {  // GLOBAL: two lines
      push_text(PickleKind::kText, cursor_.take_line());
      push_text(PickleKind::kText, cursor_.take_line());
      [[fallthrough]];
    }
    case 0x93: {  // STACK_GLOBAL
      const ValueId name = pop(), module = pop();
      push_global(module, name);
      return true;
    }
    case 'R':     // REDUCE
    case 0x81: {  // NEWOBJ: the same with a class
      const ValueId arguments = pop(), callable = pop();
      push(call_allowed(content_, callable, arguments, subject_));
      return true;
    }
    case 'Q':
      push(refer_to_storage(content_, pop(), subject_));
      return true;  // BINPERSID
    case 'b':
      set_state();
      return true;  // BUILD
    default:
      return false;
  }
}

void PickleMachine::push(PickleValue value) {
  if (content_.values.size() >= kMaxValues) fail(fmt::format("have at most {} values, but has more", kMaxValues));
  item_count_ += value.items.size();
  if (item_count_ > kMaxItems) fail(fmt::format("have at most {} items, but has more", kMaxItems));
  stack_.push_back(static_cast<ValueId>(content_.values.size()));
  content_.values.push_back(std::move(value));
}

// A little-endian integer in two's complement; one of more than eight bytes is never a size of ours.
void PickleMachine::push_long(std::span<const std::byte> bytes) {
  if (bytes.size() > sizeof(int64_t)) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return push({.kind = PickleKind::kOpaque, .text = text});
  }
  const bool is_negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  int64_t number = is_negative ? -1 : 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  push_integer(number);
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

void PickleMachine::push_tuple(size_t count) {
  std::vector<ValueId> items(count);
  for (size_t i = count; i-- > 0;) items[i] = pop();
  push({.kind = PickleKind::kTuple, .items = std::move(items)});
}

void PickleMachine::push_global(ValueId module, ValueId name) {
  if (content_.values[module].kind != PickleKind::kText || content_.values[name].kind != PickleKind::kText) {
    fail("name its globals by text, but does not");
  }
  push({.kind = PickleKind::kGlobal, .items = {module, name}});
}

// What lies below the last mark belongs to the instruction that takes the mark away.
ValueId PickleMachine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
    fail(fmt::format("have a value for the instruction at byte {}, but has none", cursor_.position() - 1));
  }
  return stack_.back();
}

ValueId PickleMachine::pop() {
  const ValueId value = top();
  stack_.pop_back();
  return value;
}

std::vector<ValueId> PickleMachine::pop_to_mark() {
  if (marks_.empty())
    fail(fmt::format("have a mark for the instruction at byte {}, but has none", cursor_.position() - 1));
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<ValueId> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::append_to_top(PickleKind kind, const std::vector<ValueId>& items) {
  PickleValue& container = content_.values[top()];
  if (container.kind != kind || (kind == PickleKind::kDict && items.size() % 2 != 0)) {
    fail(fmt::format("add items to a list or pairs to a dictionary at byte {}, but adds to something else",
                     cursor_.position() - 1));
  }
  container.items.insert(container.items.end(), items.begin(), items.end());
}

void PickleMachine::remember(size_t place) {
  if (place >= kMaxValues) fail(fmt::format("remember at most {} values, but remembers one as {}", kMaxValues, place));
  const ValueId value = top();
  if (place >= memo_.size()) memo_.resize(place + 1, static_cast<ValueId>(kMaxValues));
  memo_[place] = value;
}

void PickleMachine::recall(size_t place) {
  if (place >= memo_.size() || memo_[place] == kMaxValues) {
    fail(fmt::format("recall values that it remembered, but recalls {}", place));
  }
  stack_.push_back(memo_[place]);
}

// Attributes of a dictionary (the `_metadata` of a state dictionary) or of a tensor are of no use here. Anything else
// would hand the state to code of the object's class.
void PickleMachine::set_state() {
  pop();
  const PickleKind kind = content_.values[top()].kind;
  if (kind != PickleKind::kDict && kind != PickleKind::kTensor)
    fail("set the state of dictionaries only, but sets another's");
}

void PickleMachine::fail(const std::string& must) const {
  throw UserError(
      "the pickle in `{}` must {}; the file is damaged or no plain checkpoint: save the model again, best "
      "as safetensors",
      subject_, must);
}

}  // namespace retort::checkpoint
