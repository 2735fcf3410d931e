// Interprets a pickle (protocols 0 to 5) without executing anything. A pickle is a program for a stack machine. This
// machine supports the opcodes that build plain values, and recognizes the few constructors that tensors need
// (pickle_calls.h) instead of calling them. Any other call is an error that names it.
// Opcodes: Lib/pickletools.py of CPython.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "retort/checkpoint/byte_cursor.h"
#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// Reads a whole pickle; strings are views of `bytes`. Throws UserError that names `subject`. Memory: about 60
// bytes per byte of pickle, and at most two million values with eight million items.
PickleContent read_pickle(std::span<const std::byte> bytes, const std::string& subject);

// Reads the pickle at `cursor` and stops at its last byte.
PickleContent read_next_pickle(ByteCursor& cursor, const std::string& subject);

// The stack machine; one object per pickle.
class PickleMachine {
 public:
  PickleMachine(ByteCursor& cursor, const std::string& subject) : cursor_(cursor), subject_(subject) {}
  PickleContent run();

 private:
  static constexpr size_t kMaxValues = 2'000'000;
  static constexpr size_t kMaxItems = 4 * kMaxValues;

  // Each group executes the opcode if it belongs to the group, and returns whether it does.
  bool run_constant(uint8_t opcode);
  bool run_line(uint8_t opcode);
  bool run_text(uint8_t opcode);
  bool run_container(uint8_t opcode);
  bool run_memo(uint8_t opcode);
  bool run_call(uint8_t opcode);

  void push(PickleValue value);
  void push_text(PickleKind kind, std::string_view text) { push({.kind = kind, .text = text}); }
  void push_integer(int64_t number) { push({.kind = PickleKind::kInteger, .number = number}); }
  void push_long(std::span<const std::byte> bytes);
  void push_tuple(size_t count);
  void push_global(ValueId module, ValueId name);
  ValueId pop();
  ValueId top() const;
  std::vector<ValueId> pop_to_mark();
  void append_to_top(PickleKind kind, const std::vector<ValueId>& items);
  void memoize(size_t index);
  void push_memoized(size_t index);
  void set_state();
  [[noreturn]] void fail(const std::string& must) const;

  ByteCursor& cursor_;
  const std::string& subject_;
  PickleContent content_;
  std::vector<ValueId> stack_, memo_;
  std::vector<size_t> marks_;
  size_t item_count_ = 0;  // sum over all created values, copies of memoized values included
};

}  // namespace retort::checkpoint
