// Finds the command that a command line names, and formats the help texts. It is separate from main.cpp so that tests
// can call it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/cli/command.h"

namespace retort::cli {

// The command whose name matches the most leading words; null when none matches.
const Command* find_command(const std::vector<std::string>& words);

// `retort --help`: all groups, one line per command. With the first word of several commands ("finetune"), only
// these commands.
std::string overview_text(std::string_view first_word = "");

// `retort <command> --help`.
std::string command_help(const Command& command);

// Runs the command that the words name, or prints help or version; returns the exit code. Throws UserError for an
// unknown command, with the nearest name, and rethrows what the command throws.
int dispatch(const std::vector<std::string>& words);

}  // namespace retort::cli
