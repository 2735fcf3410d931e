// A stack machine like pickle_machine.h that passes each array on as soon as it is complete and then discards it. NumPy
// writes an array in one of two ways: `_reconstruct(ndarray, (0,), b"b")` followed by the state
// (version, shape, dtype, is_fortran, bytes), or `_frombuffer(bytes, dtype, shape, order)`. Both are recognized by
// their items: a dtype and a byte string. Opcodes: Lib/pickletools.py of CPython.
#include "retort/checkpoint/array_list_pickle.h"

#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "retort/base/error.h"
#include "retort/checkpoint/byte_cursor.h"

namespace retort::checkpoint {

namespace {

enum class Kind : uint8_t { kOther, kText, kBytes, kDtype, kArray, kList };

// The known properties of a value on the stack; for a tuple, those of its items.
struct Value {
  Kind kind = Kind::kOther;
  std::string_view text =
      {};                    // kText, kBytes; for a tuple its bytes, else its last string: "u2" for ("u2", False, True)
  int element_bytes = 0;     // kDtype, and a tuple with a dtype
  bool holds_bytes = false;  // for a tuple
};

class ArrayListReader {
 public:
  ArrayListReader(std::span<const std::byte> bytes, const std::string& subject,
                  const std::function<void(std::span<const int32_t>)>& take)
      : cursor_(bytes, subject), subject_(subject), take_(take) {}

  void run() {
    for (;;) {
      const auto instruction = cursor_.take<uint8_t>();
      if (instruction == '.') break;
      if (!run_constant(instruction) && !run_memo(instruction) && !run_build(instruction))
        fail(fmt::format("has the opcode {:#04x}", instruction));
    }
    if (stack_.empty() || stack_.back().kind != Kind::kList) fail("is no list");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(
        "`{}` must be a pickled list of NumPy integer arrays, but at byte {} {}; give the file that the published "
        "`binarized_data` program wrote, or the text itself",
        subject_, cursor_.position(), what);
  }

  Value pop() {
    if (stack_.empty()) fail("takes from an empty stack");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  void push_text(Kind kind, uint64_t count) { stack_.push_back({.kind = kind, .text = cursor_.take_text(count)}); }

  bool run_constant(uint8_t instruction) {
    const auto skip = [&](uint64_t count) {
      cursor_.take_bytes(count);
      stack_.push_back({});
    };
    switch (instruction) {
      case 0x80:
        cursor_.take<uint8_t>();
        return true;  // PROTO
      case 0x95:
        cursor_.take<uint64_t>();
        return true;  // FRAME
      case 'N':
      case 0x88:
      case 0x89:
      case ')':
        skip(0);
        return true;  // None, True, False, ()
      case 'K':
        skip(1);
        return true;  // BININT1
      case 'M':
        skip(2);
        return true;  // BININT2
      case 'J':
        skip(4);
        return true;  // BININT
      case 0x8a:
        skip(cursor_.take<uint8_t>());
        return true;  // LONG1
      case 'X':
        push_text(Kind::kText, cursor_.take<uint32_t>());
        return true;  // BINUNICODE
      case 0x8c:
        push_text(Kind::kText, cursor_.take<uint8_t>());
        return true;  // SHORT_BINUNICODE
      case 'C':
        push_text(Kind::kBytes, cursor_.take<uint8_t>());
        return true;  // SHORT_BINBYTES
      case 'B':
        push_text(Kind::kBytes, cursor_.take<uint32_t>());
        return true;  // BINBYTES
      case 0x8e:
      case 0x96:
        push_text(Kind::kBytes, cursor_.take<uint64_t>());
        return true;  // BINBYTES8, BYTEARRAY8
      case ']':
        stack_.push_back({.kind = Kind::kList});
        return true;  // EMPTY_LIST
      case 'c':       // GLOBAL
        cursor_.take_line();
        stack_.push_back({.kind = Kind::kText, .text = cursor_.take_line()});
        return true;
      default:
        return false;
    }
  }

  bool run_memo(uint8_t instruction) {
    switch (instruction) {
      case 0x94:
        remember(memo_count_);
        return true;  // MEMOIZE
      case 'q':
        remember(cursor_.take<uint8_t>());
        return true;  // BINPUT
      case 'r':
        remember(cursor_.take<uint32_t>());
        return true;  // LONG_BINPUT
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

  // Names, dtypes and constants are memoized with the first arrays. A later value that is no name belongs to one array,
  // and no later opcode reads it.
  void remember(uint64_t place) {
    constexpr size_t kEarly = 256;
    ++memo_count_;
    if (stack_.empty()) fail("remembers nothing");
    const Kind kind = stack_.back().kind;
    if (memo_.size() < kEarly || kind == Kind::kText || kind == Kind::kDtype) memo_[place] = stack_.back();
  }
  void recall(uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) fail("recalls a value that is no constant");
    stack_.push_back(found->second);
  }

  bool run_build(uint8_t instruction) {
    switch (instruction) {
      case '(':
        marks_.push_back(stack_.size());
        return true;  // MARK
      case 't':
        push_tuple(stack_.size() - pop_mark());
        return true;  // TUPLE
      case 0x85:
      case 0x86:
      case 0x87:
        push_tuple(instruction - 0x84U);
        return true;  // TUPLE1, 2, 3
      case 0x93: {    // STACK_GLOBAL
        const Value name = pop();
        pop();
        stack_.push_back({.kind = Kind::kText, .text = name.text});
        return true;
      }
      case 'R':
        call();
        return true;  // REDUCE
      case 'b':
        set_state();
        return true;  // BUILD
      case 'a':
        append_from(stack_.empty() ? 0 : stack_.size() - 1);
        return true;  // APPEND
      case 'e':
        append_from(pop_mark());
        return true;  // APPENDS
      default:
        return false;
    }
  }

  size_t pop_mark() {
    if (marks_.empty() || marks_.back() > stack_.size()) fail("closes what was not opened");
    const size_t mark = marks_.back();
    marks_.pop_back();
    return mark;
  }

  void push_tuple(size_t count) {
    if (count > stack_.size()) fail("takes from an empty stack");
    Value tuple;
    for (size_t i = stack_.size() - count; i < stack_.size(); ++i) {
      const Value& item = stack_[i];
      if (item.kind == Kind::kDtype) tuple.element_bytes = item.element_bytes;
      if (item.kind == Kind::kBytes) tuple.holds_bytes = true, tuple.text = item.text;
      if (item.kind == Kind::kText && !tuple.holds_bytes) tuple.text = item.text;
    }
    stack_.resize(stack_.size() - count);
    stack_.push_back(tuple);
  }

  void call() {
    const Value arguments = pop(), callable = pop();
    if (callable.text == "dtype") {
      stack_.push_back({.kind = Kind::kDtype, .element_bytes = element_bytes_of(arguments.text)});
    } else if (callable.text == "_reconstruct") {
      stack_.push_back({.kind = Kind::kArray});
    } else if (callable.text == "_frombuffer") {
      give(arguments);
      stack_.push_back({.kind = Kind::kArray});
    } else {
      fail(fmt::format("calls `{}`", callable.text.substr(0, 60)));
    }
  }

  int element_bytes_of(std::string_view code) const {
    for (const auto& [name, bytes] : {std::pair{"u2", 2}, {"u4", 4}, {"i4", 4}, {"i8", 8}, {"u8", 8}})
      if (code == name) return bytes;
    fail(fmt::format("has numbers of the type `{}`", code.substr(0, 20)));
  }

  void set_state() {
    const Value state = pop();
    if (stack_.empty()) fail("takes from an empty stack");
    // The state of a dtype contains its byte order.
    if (stack_.back().kind == Kind::kDtype && state.text == ">") fail("has numbers in big-endian form");
    if (stack_.back().kind == Kind::kArray) give(state);
  }

  // Passes the array with the bytes and dtype of `value` to the caller.
  void give(const Value& value) {
    if (value.element_bytes == 0 || !value.holds_bytes) fail("has an array without numbers");
    const size_t width = static_cast<size_t>(value.element_bytes);
    if (value.text.size() % width != 0) fail("has an array that is truncated");
    numbers_.clear();
    for (size_t at = 0; at < value.text.size(); at += width) {
      uint64_t number = 0;
      std::memcpy(&number, value.text.data() + at, width);
      if (number > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
        fail(fmt::format("has the token id {}", number));
      numbers_.push_back(static_cast<int32_t>(number));
    }
    take_(numbers_);
  }

  void append_from(size_t first) {
    if (first == 0 || first > stack_.size() || stack_[first - 1].kind != Kind::kList) fail("appends to no list");
    for (size_t i = first; i < stack_.size(); ++i)
      if (stack_[i].kind != Kind::kArray) fail("has an item that is no array");
    stack_.resize(first);
  }

  ByteCursor cursor_;
  const std::string& subject_;
  const std::function<void(std::span<const int32_t>)>& take_;
  std::vector<Value> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Value> memo_;
  uint64_t memo_count_ = 0;
  std::vector<int32_t> numbers_;
};

}  // namespace

void read_array_list(std::span<const std::byte> bytes, const std::string& subject,
                     const std::function<void(std::span<const int32_t>)>& take) {
  ArrayListReader(bytes, subject, take).run();
}

}  // namespace retort::checkpoint
