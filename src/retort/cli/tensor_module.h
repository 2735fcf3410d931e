// The commands that compute with tensors, loaded when one of them is called. LibTorch takes a third of a second to
// load, more than most of the other commands take altogether (docs/decisions/0019-late-tensors.md).
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

using CommandBody = int (*)(const std::vector<std::string>& arguments);

// The body of the command of that name, out of `libretort_tensors.so` beside the program. Throws UserError when the
// module is missing or does not fit the program.
CommandBody load_tensor_command(const char* name);

}  // namespace retort::cli

// What the module exports: the body of a command, or null.
extern "C" retort::cli::CommandBody retort_find_tensor_command(const char* name);
