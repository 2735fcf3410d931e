// The commands that need LibTorch are in a module that is loaded on demand. Loading LibTorch takes a third of a second,
// longer than most other commands run (docs/decisions/0019-late-tensors.md).
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

using CommandBody = int (*)(const std::vector<std::string>& arguments);

// Looks up the command's function in `libretort_tensors.so` beside the program. Throws UserError when the
// module is missing or was built from another version.
CommandBody load_tensor_command(const char* name);

}  // namespace retort::cli

// The symbol that the module exports: the function of a command, or null.
extern "C" retort::cli::CommandBody retort_find_tensor_command(const char* name);
