// `retort inspect FILE|FOLDER`: what is in it, on standard output.
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

int run_inspect(const std::vector<std::string>& arguments);

}  // namespace retort::cli
