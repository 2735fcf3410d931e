// The program's outer shell: settings of the process, then dispatch.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "retort/cli/dispatch.h"
#include "retort/cli/exit_code.h"

// A standard stream that is closed would leave its number to the next file that is opened, and what is said on the
// stream would end up inside that file. Standard output stays one that cannot be written, so that a lost result is an
// error.
static void open_standard_streams() {
  for (const auto& [number, mode] : {std::pair(0, O_RDONLY), {1, O_RDONLY}, {2, O_WRONLY}})
    if (::fcntl(number, F_GETFD) == -1 && errno == EBADF) (void)!::open("/dev/null", mode);  // takes the lowest number
}

// Threads that wait for others spin by default for some milliseconds, which on a machine with other work takes that
// time from the thread they wait for (docs/decisions/0020-waiting-threads.md). libgomp reads its settings when it is
// loaded, before `main`: so the program sets them and starts itself anew. What the user has set stays. Where the system
// refuses, threads spin.
static void let_waiting_threads_sleep(char** arguments) {
  for (const char* const name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})
    if (std::getenv(name) != nullptr) return;
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv(program.c_str(), arguments);
}

int main(int argument_count, char** arguments) {
  let_waiting_threads_sleep(arguments);
  open_standard_streams();
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
