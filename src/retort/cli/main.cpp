// The program's outer shell: settings of the process, then dispatch.
#include <csignal>
#include <string>
#include <vector>

#include "retort/cli/dispatch.h"
#include "retort/cli/exit_code.h"

int main(int argument_count, char** arguments) {
  // A closed pipe and a limit on the size of files then show as errors of write, reported like any other.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> words(arguments + (argument_count > 0 ? 1 : 0), arguments + argument_count);
  return retort::cli::exit_code_of([&] {
    const int exit_code = retort::cli::dispatch(words);
    retort::cli::flush_standard_output();
    return exit_code;
  });
}
