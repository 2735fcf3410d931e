// `retort demo`: runs the demo and prints its table on standard output before the result.
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

int run_demo(const std::vector<std::string>& arguments);

}  // namespace retort::cli
