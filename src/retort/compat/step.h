// One command of retort with its flags, translated from a published line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "retort/base/json.h"

namespace retort::compat {

struct Step {
  std::string command;                                     // "distill squad"
  std::vector<std::pair<std::string, std::string>> flags;  // in order; of a truth value "true" or "false"

  void set(const std::string& flag, const std::string& value);
  void drop(const std::string& flag);
  // The value that is set; "" without one.
  std::string get(const std::string& flag) const;
  // The words after `retort`: the command's, then `--flag value`.
  std::vector<std::string> words() const;
};

// The flags of a command with their defaults. Throws InternalError for one that is not known to this layer.
const Json& flags_of(const std::string& command);

// Whether the command has this flag.
bool has_flag(const std::string& command, const std::string& flag);

// Whether the value is the default of the flag; numbers are compared as numbers.
bool is_default(const std::string& command, const std::string& flag, const std::string& value);

// The words as one line for a shell.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace retort::compat
