// An output that is an input would be lost; commands that write one file look before they write.
#pragma once

#include <string>
#include <vector>

#include "retort/base/file.h"

namespace retort::recipe {

// Whether two paths name one file, also through links, hard ones among them; files that are not there yet are compared
// by their paths. False for an empty path.
bool is_same_file(const fs::path& a, const fs::path& b);

// The files that a `--model` is read from: itself, or those of its folder; none for a preset and for one that is not
// there, which its reader tells of.
std::vector<fs::path> files_of_model(const std::string& model);

// Throws UserError "`flag` must be another file than the one that is read" when `output` is one of these.
void check_is_not_input(const std::string& flag, const fs::path& output, const std::vector<fs::path>& inputs);

}  // namespace retort::recipe
