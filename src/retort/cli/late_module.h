// The commands that need LibTorch or HDF5 are in modules that are loaded on demand. Loading LibTorch takes a third of a
// second, longer than most other commands run; HDF5 brings three dozen libraries (docs/decisions/0019-late-tensors.md).
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

using CommandBody = int (*)(const std::vector<std::string>& arguments);

// A file beside the program, and the function that it exports: the body of a command, or null.
struct LateModule {
  const char *file, *symbol;
};

inline constexpr LateModule kTensorModule{"libretort_tensors.so", "retort_find_tensor_command"};
inline constexpr LateModule kInstanceModule{"libretort_instances.so", "retort_find_instance_command"};

// Looks up the command's function. Throws UserError when the module is missing or was built from another version.
CommandBody load_late_command(const LateModule& module, const char* name);

}  // namespace retort::cli

extern "C" retort::cli::CommandBody retort_find_tensor_command(const char* name);
extern "C" retort::cli::CommandBody retort_find_instance_command(const char* name);
