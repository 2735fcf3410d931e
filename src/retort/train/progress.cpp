// Rates come from snapshots within a short window, so that a slow start or a pause does not distort them for long; the
// last line shows the mean over the whole work.
#include "retort/train/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "retort/base/log.h"
#include "retort/train/wall_clock.h"

namespace retort::train {
namespace {

constexpr int kDefaultColumns = 80;

void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;  // a closed terminal is no reason to stop
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

int stderr_columns() {
  struct winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefaultColumns;
}

// The rate of a counter between two moments; empty when no time passed or nothing was counted.
std::optional<double> maybe_rate(int64_t before, int64_t after, double seconds) {
  if (seconds <= 0 || after <= before) return std::nullopt;
  return static_cast<double>(after - before) / seconds;
}

}  // namespace

ProgressSink stderr_progress_sink() {
  if (shows_errors_only()) return {[](std::string_view) {}, steady_seconds_now, stderr_columns, false};
  const char* const terminal = std::getenv("TERM");
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
  return {write_to_stderr, steady_seconds_now, stderr_columns, is_terminal};
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return "?";
  const auto whole = static_cast<int64_t>(seconds);
  const int64_t days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60;
  if (days > 0) return fmt::format("{}d {:02}:{:02}:{:02}", days, hours, minutes, whole % 60);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second)) return "?";
  constexpr std::array kSuffixes = {"", "k", "M", "G", "T"};
  size_t suffix = 0;
  for (; per_second >= 999.5 && suffix + 1 < kSuffixes.size(); ++suffix) per_second /= 1000;
  const int decimals = per_second < 9.995 ? 2 : per_second < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", per_second, decimals, kSuffixes[suffix]);
}

Progress::Progress(ProgressOptions options, ProgressSink sink)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      first_{sink_.seconds(), options_.start},
      latest_(options_.start) {
  recent_.push_back(first_);
  last_drawn_ = first_.seconds;
}

Progress::~Progress() {
  if (line_is_open_) sink_.write("\n");
}

void Progress::update(const ProgressReport& report) {
  const std::lock_guard lock(mutex_);
  latest_ = report;
  const double now = sink_.seconds();
  const bool due = now - last_drawn_ >= (sink_.is_terminal ? options_.redraw_seconds : options_.plain_seconds);
  const bool snapshot_due = now - recent_.back().seconds >= options_.redraw_seconds;
  if (!due && !snapshot_due) return;
  recent_.push_back({now, report});
  while (recent_.size() > 2 && now - recent_[1].seconds >= options_.rate_window_seconds) recent_.pop_front();
  if (!due) return;
  last_drawn_ = now;
  draw(describe(recent_.front(), recent_.back(), false), false);
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (!line_is_open_) return;
  sink_.write("\r\x1b[K");
  line_is_open_ = false;
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  draw(describe(first_, {sink_.seconds(), latest_}, true), true);
}

std::string Progress::describe(const Snapshot& since, const Snapshot& now, bool last) const {
  const ProgressReport& report = now.report;
  const double seconds = now.seconds - since.seconds;
  const auto done_rate = maybe_rate(since.report.done, report.done, seconds);
  const auto sequence_rate = maybe_rate(since.report.sequences, report.sequences, seconds);
  const auto token_rate = maybe_rate(since.report.tokens, report.tokens, seconds);
  std::string line = fmt::format("{}: {}", options_.title, report.done);
  if (options_.total > 0) line += fmt::format("/{}", options_.total);
  line += " " + options_.unit;
  if (options_.total > 0 && !last) line += fmt::format(" ({}%)", report.done * 100 / options_.total);
  if (sequence_rate) {
    line += fmt::format(", {} sequences/s", format_rate(*sequence_rate));
  } else if (done_rate) {
    line += fmt::format(", {} {}/s", format_rate(*done_rate), options_.unit);
  }
  if (token_rate) line += fmt::format(", {} tokens/s", format_rate(*token_rate));
  if (report.loss) line += fmt::format(", loss {:.4f}", *report.loss);
  if (last) {
    line += fmt::format(", took {}", format_duration(now.seconds - first_.seconds));
  } else if (options_.total > 0 && done_rate) {
    line += fmt::format(", {} left", format_duration(static_cast<double>(options_.total - report.done) / *done_rate));
  }
  return line;
}

void Progress::draw(std::string line, bool last) {
  if (!sink_.is_terminal) return sink_.write(line + "\n");
  // One column stays free: a full line would wrap on some terminals, and then `\r` returns to its second half only.
  const auto room = static_cast<size_t>(std::max(sink_.columns() - 1, 1));
  if (line.size() > room) line.resize(room);
  sink_.write("\r" + line + "\x1b[K" + (last ? "\n" : ""));
  line_is_open_ = !last;
}

}  // namespace retort::train
