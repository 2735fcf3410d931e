// The one place where a failure becomes words on standard error and an exit code:
//   0 done · 2 the user's input is wrong · 3 training diverged · 70 a bug of ours · 128 + signal when interrupted
#pragma once

#include <functional>

namespace retort::cli {

// Runs `action` and answers its exit code, or that of what it threw after writing the reason to the log.
int exit_code_of(const std::function<int()>& action);

}  // namespace retort::cli
