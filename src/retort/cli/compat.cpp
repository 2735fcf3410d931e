// See compat.h. Whatever the flags of the program are, they follow its name: `--print` stands in front of it.
#include "retort/cli/compat.h"

#include <fmt/ranges.h>

#include <iostream>

#include "retort/base/log.h"
#include "retort/cli/dispatch.h"
#include "retort/compat/launcher.h"
#include "retort/compat/translate.h"

namespace retort::cli {

namespace {

std::string line_of(const compat::Step& step) { return "retort " + compat::shell_line(step.words()); }

}  // namespace

std::string compat_help() {
  return fmt::format(
      "retort compat: command line of a published program -> commands of retort, which are run\n\n"
      "usage: retort compat [--print] PROGRAM [ARGUMENT ...]\n"
      "PROGRAM and its arguments stand as in the published line; python, torchrun or mpirun in front of\n"
      "it are understood. Standard error says what each option became. --print writes the lines that\n"
      "follow to standard output and runs nothing.\n\nprograms:\n  {}\n",
      fmt::join(compat::program_names(), "\n  "));
}

int run_compat(const std::vector<std::string>& arguments) {
  const bool only_prints = !arguments.empty() && arguments.front() == "--print";
  const compat::Translation translation =
      compat::translate({arguments.begin() + (only_prints ? 1 : 0), arguments.end()});
  if (compat::is_first_process())
    for (const std::string& line : translation.account) log_info("{}", line);
  for (const compat::Step& step : translation.steps) {
    if (only_prints) {
      std::cout << line_of(step) << "\n";
      continue;
    }
    if (compat::is_first_process()) log_info("{}", line_of(step));
    if (const int exit_code = dispatch(step.words()); exit_code != 0) return exit_code;
  }
  return 0;
}

}  // namespace retort::cli
