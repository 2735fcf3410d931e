// `retort compat [--print] PROGRAM ARGUMENTS...`: a line of a published program as it stands.
#pragma once

#include <string>
#include <vector>

namespace retort::cli {

// Says on standard error what each option became and which command lines follow, then runs these in a row and answers
// the first exit code that is not 0. With `--print` the lines go to standard output and nothing is run.
int run_compat(const std::vector<std::string>& arguments);

// What `retort compat --help` shows.
std::string compat_help();

}  // namespace retort::cli
