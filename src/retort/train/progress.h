// One line that shows the progress of a long task: done and total, sequences and tokens per second, loss, time left.
// On a terminal the line is rewritten in place; elsewhere a plain line appears every few seconds. It goes to standard
// error only, because standard output carries results.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace retort::train {

// Writes the line; tests replace it.
struct ProgressSink {
  std::function<void(std::string_view)> write;
  std::function<double()> seconds;  // a steady clock
  std::function<int()> columns;     // width of the terminal
  bool is_terminal = false;
};

// Writes to standard error, as to a terminal unless it is piped or TERM is "dumb". A process that shows only errors
// writes nothing.
ProgressSink stderr_progress_sink();

// Counters from the start of the work; they include what was done before a resume.
struct ProgressReport {
  int64_t done = 0;
  int64_t sequences = 0;  // 0: the rate shown is that of `done`
  int64_t tokens = 0;     // 0: not shown
  std::optional<double> loss = {};
};

struct ProgressOptions {
  std::string title;                // "train", "features", "evaluate"
  std::string unit = "steps";       // what `done` and `total` count
  int64_t total = 0;                // 0: unknown, then no share and no time left
  ProgressReport start = {};        // the counters when this process began (resume)
  double plain_seconds = 10;        // time between plain lines
  double redraw_seconds = 0.1;      // time between redraws on a terminal
  double rate_window_seconds = 10;  // rates are means over these last seconds, so they show the present speed
};

// Thread-safe; `update` costs a clock reading when there is nothing to draw.
class Progress {
 public:
  explicit Progress(ProgressOptions options, ProgressSink sink = stderr_progress_sink());
  // Ends the line, if `finish` was not called.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const ProgressReport& report);
  // Erases the line from the terminal, so that a log line can be written; the next update draws it again.
  void clear();
  // Draws the last state with the mean rates of the whole work and ends the line.
  void finish();

 private:
  struct Snapshot {
    double seconds;
    ProgressReport report;
  };
  std::string describe(const Snapshot& since, const Snapshot& now, bool last) const;
  void draw(std::string line, bool last);

  ProgressOptions options_;
  ProgressSink sink_;
  std::mutex mutex_;
  Snapshot first_;
  ProgressReport latest_;
  std::deque<Snapshot> recent_;  // oldest first, within the rate window
  double last_drawn_ = 0;
  bool line_is_open_ = false, finished_ = false;
};

// "0:07", "1:05", "2:03:04", "3d 04:05:06"; negative and not-finite give "?".
std::string format_duration(double seconds);

// "0.52", "42.1", "950", "12.3k", "4.56M": three significant digits; not-finite gives "?".
std::string format_rate(double per_second);

}  // namespace retort::train
