// Outputs that a user names, beside the names that this program gives inside its own folders: links are followed for
// the former only, and an output is never a file that the command reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "retort/base/file.h"

namespace retort {

// The file that an output's path leads to through links, also when it does not exist yet. A link to a device or pipe
// (/dev/stdout) stays as it is.
fs::path linked_output(const fs::path& path);

// Flags with the files that they name; empty paths are passed over. A folder stands for the files in it.
using NamedInputs = std::vector<std::pair<std::string, fs::path>>;

// Throws UserError that names the flag where `output`, which `output_flag` names, is one of the inputs: the same path,
// or the same file under another name (links, hard links).
void check_is_no_input(const std::string& output_flag, const fs::path& output, const NamedInputs& inputs);

}  // namespace retort
