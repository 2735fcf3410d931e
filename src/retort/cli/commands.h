// The table of all commands.
#pragma once

#include <span>

#include "retort/cli/command.h"

namespace retort::cli {

// The version of this program, "0.1.0".
const char* version_text();

// Every command, in the order of --help and the reference.
std::span<const Command> commands();

}  // namespace retort::cli
