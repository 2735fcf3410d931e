// The only place that turns an exception into a message on standard error and an exit code:
//   0 success · 2 wrong user input · 3 training diverged · 70 internal error · 75 a process of the run was lost ·
//   128 + signal number when interrupted
#pragma once

#include <functional>

namespace retort::cli {

// Runs `action` and returns its exit code. On an exception, logs the reason and returns the code of that exception.
int exit_code_of(const std::function<int()>& action);

}  // namespace retort::cli
