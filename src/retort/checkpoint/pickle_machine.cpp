// See pickle_machine.h. The opcodes are in groups; each case gives the name that CPython uses.
#include "retort/checkpoint/pickle_machine.h"

#include <algorithm>

#include "retort/checkpoint/pickle_calls.h"
#include "retort/checkpoint/pickle_lines.h"

namespace retort::checkpoint {
namespace {

constexpr uint8_t kStop = '.';
constexpr uint8_t kProto = 0x80;
constexpr uint8_t kMaxProtocol = 5;

}  // namespace

PickleContent read_pickle(std::span<const std::byte> bytes, const std::string& subject) {
  ByteCursor cursor(bytes, subject);
  PickleContent content = read_next_pickle(cursor, subject);
  if (cursor.remaining_bytes() != 0) {
    throw UserError(
        "the pickle in `{}` must end with one value, but goes on; the file is damaged or no plain checkpoint: save the "
        "model again, preferably as safetensors",
        subject);
  }
  return content;
}

PickleContent read_next_pickle(ByteCursor& cursor, const std::string& subject) {
  return PickleMachine(cursor, subject).run();
}

// Protocols 0 and 1 do not write their number.
PickleContent PickleMachine::run() {
  auto opcode = cursor_.take<uint8_t>();
  if (opcode == kProto) {
    const auto protocol = cursor_.take<uint8_t>();
    if (protocol > kMaxProtocol) fail(fmt::format("have a protocol from 0 to {}, but has {}", kMaxProtocol, protocol));
    opcode = cursor_.take<uint8_t>();
  }
  for (; opcode != kStop; opcode = cursor_.take<uint8_t>()) {
    const bool is_known = run_constant(opcode) || run_line(opcode) || run_text(opcode) || run_container(opcode) ||
                          run_memo(opcode) || run_call(opcode);
    if (!is_known) {
      fail(fmt::format("use only opcodes of plain values and tensors, but uses {:#04x} at byte {}", opcode,
                       cursor_.position() - 1));
    }
  }
  content_.root = pop();
  if (!stack_.empty() || !marks_.empty()) fail("end with one value, but goes on");
  return std::move(content_);
}

bool PickleMachine::run_constant(uint8_t opcode) {
  switch (opcode) {
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

// The opcodes of protocol 0 whose argument is a line of text.
bool PickleMachine::run_line(uint8_t opcode) {
  if (std::string_view("ILFSVPpg").find(static_cast<char>(opcode)) == std::string_view::npos) return false;
  const std::string_view line = cursor_.take_line();
  if (opcode == 'I') push(decode_int_line(line, subject_));                             // INT
  if (opcode == 'L') push(decode_long_line(line, subject_));                            // LONG
  if (opcode == 'F') push({.kind = PickleKind::kOpaque});                               // FLOAT
  if (opcode == 'S') push_text(PickleKind::kText, decode_string_line(line, subject_));  // STRING
  if (opcode == 'P') push(refer_to_storage(content_, line, subject_));                  // PERSID
  if (opcode == 'p') memoize(decode_memo_line(line, subject_));                         // PUT
  if (opcode == 'g') push_memoized(decode_memo_line(line, subject_));                   // GET
  if (opcode == 'V') {                                                                  // UNICODE
    std::optional<std::string> decoded = maybe_decode_unicode_line(line, subject_);
    push_text(PickleKind::kText, decoded ? content_.decoded.emplace_back(std::move(*decoded)) : line);
  }
  return true;
}

bool PickleMachine::run_text(uint8_t opcode) {
  const auto text = [&](PickleKind kind, uint64_t byte_count) {
    push_text(kind, cursor_.take_text(byte_count));
    return true;
  };
  switch (opcode) {
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

bool PickleMachine::run_container(uint8_t opcode) {
  const auto append_one = [&] {
    const ValueId item = pop();
    append_to_top(PickleKind::kList, {item});
  };
  const auto set_one = [&] {
    const ValueId value = pop(), key = pop();
    append_to_top(PickleKind::kDict, {key, value});
  };
  switch (opcode) {
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

bool PickleMachine::run_memo(uint8_t opcode) {
  switch (opcode) {
    case 'q':
      memoize(cursor_.take<uint8_t>());
      return true;  // BINPUT
    case 'r':
      memoize(cursor_.take<uint32_t>());
      return true;  // LONG_BINPUT
    case 0x94:
      memoize(memo_.size());
      return true;  // MEMOIZE
    case 'h':
      push_memoized(cursor_.take<uint8_t>());
      return true;  // BINGET
    case 'j':
      push_memoized(cursor_.take<uint32_t>());
      return true;  // LONG_BINGET
    default:
      return false;
  }
}

bool PickleMachine::run_call(uint8_t opcode) {
  switch (opcode) {
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

// Pushes a little-endian two's complement integer; integers of more than eight bytes are never sizes, so they are
// opaque.
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

// Values below the last mark belong to the opcode that removes the mark.
ValueId PickleMachine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
    fail(fmt::format("have a value on the stack for the opcode at byte {}, but has none", cursor_.position() - 1));
  }
  return stack_.back();
}

ValueId PickleMachine::pop() {
  const ValueId value = top();
  stack_.pop_back();
  return value;
}

std::vector<ValueId> PickleMachine::pop_to_mark() {
  if (marks_.empty()) fail(fmt::format("have a mark for the opcode at byte {}, but has none", cursor_.position() - 1));
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

void PickleMachine::memoize(size_t index) {
  if (index >= kMaxValues) fail(fmt::format("memoize at most {} values, but uses the index {}", kMaxValues, index));
  const ValueId value = top();
  if (index >= memo_.size()) memo_.resize(index + 1, static_cast<ValueId>(kMaxValues));
  memo_[index] = value;
}

void PickleMachine::push_memoized(size_t index) {
  if (index >= memo_.size() || memo_[index] == kMaxValues) {
    fail(fmt::format("read only memoized values, but reads {}", index));
  }
  stack_.push_back(memo_[index]);
}

// Ignores attributes of a dictionary (the `_metadata` of a state dict), of a tensor, or of an opaque value. Setting the
// state of another object would execute code of its class.
void PickleMachine::set_state() {
  pop();
  const PickleKind kind = content_.values[top()].kind;
  if (kind != PickleKind::kDict && kind != PickleKind::kTensor && kind != PickleKind::kOpaque)
    fail("set the state of dictionaries and tensors only, but sets that of another object");
}

void PickleMachine::fail(const std::string& must) const { throw_bad_pickle(subject_, must); }

}  // namespace retort::checkpoint
