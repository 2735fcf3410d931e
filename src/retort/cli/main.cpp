// The program's outer shell: settings of the process, then dispatch.
#include <malloc.h>

#include <climits>
#include <csignal>
#include <string>
#include <vector>

#include "retort/cli/dispatch.h"
#include "retort/cli/exit_code.h"

namespace {

// Activations of many megabytes are allocated and freed in every step. By default glibc maps such blocks from the
// system and gives them back each time, and the next step pays for fresh zeroed pages, one page fault per 4 KiB.
// Keeping freed memory makes the second and all later steps reuse the pages of the first.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

}  // namespace

int main(int argument_count, char** arguments) {
  keep_freed_memory();
  // A closed pipe then shows as an error of write, which is reported like any other.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(arguments + (argument_count > 0 ? 1 : 0), arguments + argument_count);
  return retort::cli::exit_code_of([&] {
    const int exit_code = retort::cli::dispatch(words);
    retort::cli::flush_standard_output();
    return exit_code;
  });
}
