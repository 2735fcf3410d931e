// Output paths that users give. Only these follow symbolic links, unlike the files inside retort's own folders, and an
// output is never one of the command's inputs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "retort/base/file.h"

namespace retort {

// Resolves the symbolic links of an output path; the target need not exist. A link to a device or pipe (/dev/stdout) is
// returned unchanged.
fs::path linked_output(const fs::path& path);

// Makes the folder of an output file, with its parents, where there is none.
void make_output_folder(const fs::path& output);

// Flags with the files that they name; empty paths are ignored. A folder means all files in it.
using NamedInputs = std::vector<std::pair<std::string, fs::path>>;

// Throws UserError that names the flag when `output` (of the flag `output_flag`) is one of the inputs: the same path,
// or the same file under another name (symbolic or hard link).
void check_is_no_input(const std::string& output_flag, const fs::path& output, const NamedInputs& inputs);

}  // namespace retort
