// The kinds of failure. The library throws; only cli/exit_code.cpp turns a failure into words and an exit code.
//   UserError        a flag, file or record is wrong: exit 2, one sentence, no stack
//   InternalError    a bug of this project: exit 70, with file and line
//   DivergenceError  training left the finite numbers: exit 3, the last checkpoint is kept
//   ProcessLostError another process of the run is gone: exit 75, the run can be resumed
// Messages read: the subject in backticks, "must be ..., but is ...", then a hint.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace retort {

class UserError : public std::runtime_error {
 public:
  template <typename... Args>
  explicit UserError(fmt::format_string<Args...> text, Args&&... args)
      : std::runtime_error(fmt::format(text, std::forward<Args>(args)...)) {}
};

class InternalError : public std::logic_error {
 public:
  InternalError(const char* file, int line, const std::string& text)
      : std::logic_error(fmt::format("{}:{}: {}", file, line, text)) {}
};

class DivergenceError : public std::runtime_error {
 public:
  template <typename... Args>
  explicit DivergenceError(fmt::format_string<Args...> text, Args&&... args)
      : std::runtime_error(fmt::format(text, std::forward<Args>(args)...)) {}
};

class ProcessLostError : public std::runtime_error {
 public:
  template <typename... Args>
  explicit ProcessLostError(fmt::format_string<Args...> text, Args&&... args)
      : std::runtime_error(fmt::format(text, std::forward<Args>(args)...)) {}
};

// Thrown after a signal, once the state is safe. exit_code is 128 + the signal's number.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(int signal_number, const std::string& text) : std::runtime_error(text), exit_code(128 + signal_number) {}
  const int exit_code;
};

}  // namespace retort

// Checks an invariant of our own; never for input of the user's.
#define RETORT_CHECK(condition, ...)                                                                 \
  do {                                                                                               \
    if (!(condition)) throw ::retort::InternalError(__FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)
