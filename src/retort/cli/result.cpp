// Checks every write to standard output: when the result was not written, the exit code must not be 0.
#include "retort/cli/result.h"

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <system_error>

#include "retort/base/error.h"
#include "retort/base/path_names.h"

namespace retort::cli {

void print_result(const Json& result) {
  const std::string line = with_path_names(result).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::cout.flush();
  std::fwrite(line.data(), 1, line.size(), stdout);
  flush_standard_output();
}

void flush_standard_output() {
  errno = 0;
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout;
  if (failed) {
    throw UserError(
        "`standard output` must be writable, but writing the result failed: {}; redirect it to a file or to a pipe "
        "that stays open",
        errno == 0 ? "an earlier write failed" : std::generic_category().message(errno));
  }
}

}  // namespace retort::cli
