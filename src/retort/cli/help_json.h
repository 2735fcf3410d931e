// `retort help --json`: commands and flags for programs that call retort.
#pragma once

#include "retort/base/json.h"
#include "retort/cli/command.h"

namespace retort::cli {

// {"command", "summary", "flags": as fields_schema returns them}.
Json command_json(const Command& command);

// {"version", "commands": every command that is listed}.
Json commands_json();

}  // namespace retort::cli
