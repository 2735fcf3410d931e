// The exception types. The library throws; only cli/exit_code.cpp turns an exception into a message and an exit code.
//   UserError        a flag, file or record is wrong: exit 2, one sentence, no stack trace
//   InternalError    a bug in retort: exit 70, with file and line
//   DivergenceError  a loss, gradient or weight is not finite: exit 3, the last checkpoint is kept
//   ProcessLostError another process of the run is lost: exit 75, the run can be resumed
// Message format: the subject in backticks, "must be ..., but is ...", then the remedy.
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

// Thrown after a signal when the training state is saved. exit_code is 128 + the signal number.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(int signal_number, const std::string& text) : std::runtime_error(text), exit_code(128 + signal_number) {}
  const int exit_code;
};

}  // namespace retort

// Checks an internal invariant; user input is checked with UserError instead.
#define RETORT_CHECK(condition, ...)                                                                 \
  do {                                                                                               \
    if (!(condition)) throw ::retort::InternalError(__FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)
