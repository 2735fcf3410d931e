// `retort inspect FILE|FOLDER`: prints a summary of its contents on standard output.
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

int run_inspect(const std::vector<std::string>& arguments);

}  // namespace retort::cli
