// Log lines on standard error. Standard output holds only results.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace retort {

enum class LogLevel { kInfo, kWarning, kError };

// Writes one line, thread-safe. Every line also goes to the file given to `set_log_file`.
void write_log_line(LogLevel level, std::string_view line);

// Also appends all following log lines to `path`; an empty path stops that.
void set_log_file(const std::string& path);

// From now on shows only errors, with this prefix, and no progress: for ranks above 0 of a run of several processes.
void show_errors_only(const std::string& prefix);
bool shows_errors_only();

template <typename... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  write_log_line(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  write_log_line(LogLevel::kWarning, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace retort
