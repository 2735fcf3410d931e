// The log that programs read: one JSON object per line, appended and flushed at once, so that a killed run loses no
// line and a resumed run reads as if it had never stopped. Two forms: our own, and DLLogger's ("DLLL {...}") that the
// published BERT scripts write and their readers expect.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::train {

inline constexpr const char* kEventLogFile = "train_log.jsonl";

enum class EventLogForm { kJsonLines, kDllogger };

enum class EventKind {
  kParameters,  // the settings, once at the start; has no step
  kTrain,       // means since the last train event
  kEvaluate,    // scores on held-out data
  kMemory,      // a smaller token budget of micro-batches from this step on
  kSummary,     // totals, once at the end; has no step
};

struct Event {
  EventKind kind = EventKind::kTrain;
  int64_t step = 0;              // optimizer steps done; ignored for events without step
  double epoch = 0;              // with fraction
  Json values = Json::object();  // loss, learning_rate, grad_norm, sequences_per_second, ...
};

struct EventLogOptions {
  fs::path path;
  EventLogForm form = EventLogForm::kJsonLines;
  std::optional<int64_t> resumed_step = {};   // keep the lines up to this step; empty: begin an empty log
  std::function<double()> unix_seconds = {};  // clock, for tests; empty: the system's
};

class EventLog {
 public:
  // Opens or makes the file. On resume it cuts the file before the first line of a later step and before a torn line.
  // Throws UserError when the file cannot be opened.
  explicit EventLog(EventLogOptions options);
  ~EventLog();

  // Appends one line. Not-finite numbers are written as "NaN", "Infinity", "-Infinity". When a write fails, the log
  // keeps only whole lines and warns once, and the run continues. Thread-safe.
  void write(const Event& event);

  // DLLogger's METADATA line: unit and meaning of one metric, which gets its name there as the values of events do. The
  // JSON-lines form has {"event": "metadata"}.
  void write_metadata(const std::string& metric, const Json& metadata);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace retort::train
