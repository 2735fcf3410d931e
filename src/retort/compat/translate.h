// A published command line -> commands of retort, with an account of the translation of each option.
#pragma once

#include <string>
#include <vector>

#include "retort/compat/step.h"

namespace retort::compat {

struct Translation {
  std::vector<std::string> account;  // lines for people
  std::vector<Step> steps;           // in their order
};

// `words`: a launcher or interpreter, if there is one, the program and its arguments. Throws UserError for programs and
// options that are not known, with the nearest names, and for what cannot be honored.
Translation translate(const std::vector<std::string>& words);

// For help: the names of all programs that there is a command for.
std::vector<std::string> program_names();

}  // namespace retort::compat
