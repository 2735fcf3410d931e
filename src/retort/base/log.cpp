// Log lines through spdlog, which no other file includes. Lines on standard error are plain; the log file adds date and
// level.
#include "retort/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>
#include <string>

#include "retort/base/error.h"
#include "retort/base/printable.h"

namespace retort {
namespace {

struct LogTargets {
  std::mutex mutex;
  spdlog::sinks::stderr_sink_st console;
  std::unique_ptr<spdlog::sinks::basic_file_sink_st> file;
  bool errors_only = false;
  std::string prefix;

  LogTargets() { console.set_pattern("%v"); }
};

// Never destroyed, so that destructors that run at exit can still log.
LogTargets& targets() {
  static auto* const instance = new LogTargets();
  return *instance;
}

std::string_view console_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "retort: ";
    case LogLevel::kWarning:
      return "warning: ";
    case LogLevel::kError:
      return "error: ";
  }
  return "";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A failure to write a log line (full disk, closed terminal) must not end a training run.
void log_quietly(spdlog::sinks::sink& sink, spdlog::level::level_enum level, std::string_view line) {
  try {
    sink.log({spdlog::string_view_t(), level, spdlog::string_view_t(line.data(), line.size())});
    sink.flush();
  } catch (const spdlog::spdlog_ex&) {
  }
}

}  // namespace

// The only place where untrusted text reaches a terminal or the log file.
void write_log_line(LogLevel level, std::string_view text) {
  const std::string line = printable_line(text);
  LogTargets& logs = targets();
  const std::lock_guard lock(logs.mutex);
  const std::string console_line = fmt::format("{}{}{}", console_prefix(level), logs.prefix, line);
  if (level == LogLevel::kError || !logs.errors_only) log_quietly(logs.console, spdlog_level(level), console_line);
  if (logs.file) log_quietly(*logs.file, spdlog_level(level), line);
}

void show_errors_only(const std::string& prefix) {
  const std::lock_guard lock(targets().mutex);
  targets().errors_only = true;
  targets().prefix = prefix;
}

bool shows_errors_only() {
  const std::lock_guard lock(targets().mutex);
  return targets().errors_only;
}

void set_log_file(const std::string& path) {
  std::unique_ptr<spdlog::sinks::basic_file_sink_st> file;
  if (!path.empty()) {
    try {
      file = std::make_unique<spdlog::sinks::basic_file_sink_st>(path);
    } catch (const spdlog::spdlog_ex& failure) {
      throw UserError("`{}` must be a file that log lines can be appended to, but: {}; choose another path", path,
                      failure.what());
    }
    file->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  }
  const std::lock_guard lock(targets().mutex);
  targets().file = std::move(file);
}

}  // namespace retort
