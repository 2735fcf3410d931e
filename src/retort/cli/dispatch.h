// From the words of a command line to the command they name, and the help texts. Kept out of main.cpp so that tests
// can call it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/cli/command.h"

namespace retort::cli {

// The command whose name is the longest run of leading words; null when there is none.
const Command* find_command(const std::vector<std::string>& words);

// `retort --help`: all groups, one line per command. With a first word that several commands share ("finetune"), only
// those.
std::string overview_text(std::string_view first_word = "");

// `retort <command> --help`.
std::string command_help(const Command& command);

// Runs the command that the words name, or prints help or version; answers the exit code. Throws UserError for an
// unknown command, with the nearest name, and whatever the command throws.
int dispatch(const std::vector<std::string>& words);

}  // namespace retort::cli
