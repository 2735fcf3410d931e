// See exit_code.h. Errors of LibTorch and Arrow arrive as std::exception, because this folder does not include their
// types. Only their first line is shown; the rest of a c10::Error is a stack trace.
#include "retort/cli/exit_code.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <string_view>
#include <system_error>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/path_names.h"

namespace retort::cli {
namespace {

constexpr int kUserError = 2;
constexpr int kDiverged = 3;
constexpr int kProcessLost = 75;    // EX_TEMPFAIL of sysexits.h
constexpr int kInternalError = 70;  // EX_SOFTWARE of sysexits.h

// All problems of a command line form one message of several lines. A value from a file may hold any number of lines.
int report(int exit_code, std::string_view lines) {
  constexpr int kMostLines = 100;
  for (int line = 0; !lines.empty(); ++line) {
    if (line == kMostLines) {
      write_log_line(LogLevel::kError, fmt::format("... and {} bytes more", lines.size()));
      break;
    }
    const size_t end = std::min(lines.find('\n'), lines.size());
    write_log_line(LogLevel::kError, with_path_names(std::string(lines.substr(0, end))));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return exit_code;
}

int report_no_memory() {
  return report(kUserError,
                "`memory` must hold the model and its activations, but the system has no more; lower the batch size or "
                "the sequence length");
}

int report_bug(const std::exception& failure) {
  const std::string_view text = failure.what();
  // LibTorch's allocators throw c10::Error instead of std::bad_alloc.
  for (const char* const words : {"can't allocate memory", "out of memory"})
    if (text.find(words) != text.npos) return report_no_memory();
  const std::string_view first_line = text.substr(0, text.find('\n'));
  return report(kInternalError,
                fmt::format("internal error: {}\nthis is a bug of retort; please report the line above together "
                            "with the command",
                            first_line));
}

}  // namespace

int exit_code_of(const std::function<int()>& action) {
  try {
    return action();
  } catch (const UserError& failure) {
    return report(kUserError, failure.what());
  } catch (const DivergenceError& failure) {
    return report(kDiverged, failure.what());
  } catch (const ProcessLostError& failure) {
    return report(kProcessLost, failure.what());
  } catch (const Interrupted& interruption) {
    log_info("{}", with_path_names(std::string(interruption.what())));
    return interruption.exit_code;
  } catch (const std::filesystem::filesystem_error& failure) {
    // A disk error that no caller described is still no internal error.
    return report(kUserError, failure.what());
  } catch (const std::system_error& failure) {
    if (failure.code() != std::errc::resource_unavailable_try_again) return report_bug(failure);
    return report(
        kUserError,
        "`threads` must be startable, but the system starts no more; raise the limit on processes (ulimit -u, "
        "pids.max) or lower --threads");
  } catch (const std::bad_alloc&) {
    return report_no_memory();
  } catch (const std::exception& failure) {
    return report_bug(failure);
  }
}

}  // namespace retort::cli
