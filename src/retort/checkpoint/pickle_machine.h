// Interprets a pickle (protocols 0 to 5) without running anything. A pickle is a program for a stack machine; this one
// knows the instructions that build plain values and, instead of calling what the program names, recognizes the few
// constructors that tensors need (pickle_calls.h). Any other call is an error that names it.
// Instructions: Lib/pickletools.py of CPython.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "retort/checkpoint/byte_cursor.h"
#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// Reads a whole pickle; texts are views of `bytes`. Throws UserError that names `subject`. Memory: at most some 60
// bytes per byte of pickle, and at most two million values with eight million items.
PickleContent read_pickle(std::span<const std::byte> bytes, const std::string& subject);

// The pickle that `cursor` stands in front of, and no byte behind it.
PickleContent read_next_pickle(ByteCursor& cursor, const std::string& subject);

// The machine itself, one per pickle.
class PickleMachine {
 public:
  PickleMachine(ByteCursor& cursor, const std::string& subject) : cursor_(cursor), subject_(subject) {}
  PickleContent run();

 private:
  static constexpr size_t kMaxValues = 2'000'000;
  static constexpr size_t kMaxItems = 4 * kMaxValues;

  // Each group executes the instruction when it is one of its own.
  bool run_constant(uint8_t instruction);
  bool run_line(uint8_t instruction);
  bool run_text(uint8_t instruction);
  bool run_container(uint8_t instruction);
  bool run_memo(uint8_t instruction);
  bool run_call(uint8_t instruction);

  void push(PickleValue value);
  void push_text(PickleKind kind, std::string_view text) { push({.kind = kind, .text = text}); }
  void push_integer(int64_t number) { push({.kind = PickleKind::kInteger, .number = number}); }
  void push_long(std::span<const std::byte> bytes);
  void push_decimal(std::string_view digits);
  void push_quoted(std::string_view line);
  void push_raw_unicode(std::string_view line);
  std::string_view own(std::string text);
  size_t take_place();
  void push_tuple(size_t count);
  void push_global(ValueId module, ValueId name);
  ValueId pop();
  ValueId top() const;
  std::vector<ValueId> pop_to_mark();
  void append_to_top(PickleKind kind, const std::vector<ValueId>& items);
  void remember(size_t place);
  void recall(size_t place);
  void set_state();
  [[noreturn]] void fail(const std::string& must) const;

  ByteCursor& cursor_;
  const std::string& subject_;
  PickleContent content_;
  std::vector<ValueId> stack_, memo_;
  std::vector<size_t> marks_;
  size_t item_count_ = 0;  // in all values at their birth: a value may be copied from one that is remembered
};

}  // namespace retort::checkpoint
