// Sets up the process, then dispatches to the command.
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
#include "retort/store/object_store.h"

// Opens /dev/null for each closed standard stream. Otherwise the next opened file would get the stream's number, and
// messages would end up inside that file. Standard output is opened read-only, so that writing a result still
// fails with an error.
static void open_standard_streams() {
  for (const auto& [number, mode] : {std::pair(0, O_RDONLY), {1, O_RDONLY}, {2, O_WRONLY}})
    if (::fcntl(number, F_GETFD) == -1 && errno == EBADF)
      (void)!::open("/dev/null", mode);  // gets the lowest free number
}

// Makes waiting OpenMP threads sleep. By default they spin for some milliseconds, and on a busy machine they take that
// CPU time from the thread they wait for (docs/decisions/0020-waiting-threads.md). libgomp reads its settings when it
// is loaded, before `main`, so the program sets them and executes itself again. User settings are kept. If executing
// fails, threads spin.
static void make_waiting_threads_sleep(char** arguments) {
  for (const char* const name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})
    if (std::getenv(name) != nullptr) return;
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) return;
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  ::execv(program.c_str(), arguments);
}

int main(int argument_count, char** arguments) {
  make_waiting_threads_sleep(arguments);
  open_standard_streams();
  // A closed pipe and a file-size limit then appear as write errors and are reported like all others.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> words(arguments + (argument_count > 0 ? 1 : 0), arguments + argument_count);
  const int exit_code = retort::cli::exit_code_of([&] {
    const int code = retort::cli::dispatch(words);
    retort::cli::flush_standard_output();
    return code;
  });
  retort::store::close_object_stores();
  return exit_code;
}
