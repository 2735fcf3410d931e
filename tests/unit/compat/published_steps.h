// Published lines as the settings that they come to, for tests.
#pragma once

#include <string>
#include <vector>

#include "retort/base/json.h"
#include "retort/compat/translate.h"

namespace retort::compat {

// The words of a line, cut at spaces.
std::vector<std::string> words_of_line(const std::string& line);

// Every setting of the command that the step calls, as its own flags are read.
Json settings_of_step(const Step& step);

// The same of the only step that a line becomes; fails where it becomes several.
Json settings_of_line(const std::string& line);

// The command of the only step: "distill squad".
std::string command_of_line(const std::string& line);

// The message of the UserError that a line gives, or "no error".
std::string line_error(const std::string& line);

// The account of a line, as one text.
std::string account_of_line(const std::string& line);

}  // namespace retort::compat
