// A DLLogger line has the form of its JSONStreamBackend (github.com/NVIDIA/dllogger): times are strings, the step is
// "PARAMETER", [epoch, step] or [] for the summary.
#include "retort/train/event_log.h"

#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <mutex>

#include "retort/base/error.h"
#include "retort/train/append_file.h"
#include "retort/train/nonfinite_json.h"
#include "retort/train/wall_clock.h"

namespace retort::train {
namespace {

constexpr std::string_view kDllPrefix = "DLLL ";

// Our metric names, and the names that readers of the published scripts' logs expect.
constexpr std::array<std::array<std::string_view, 2>, 5> kDllNames = {
    {{"loss", "step_loss"},
     {"sequences_per_second", "training_sequences_per_second"},
     {"train_seconds", "e2e_train_time"},
     {"exact", "exact_match"},
     {"f1", "F1"}}};

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kParameters:
      return "parameters";
    case EventKind::kTrain:
      return "train";
    case EventKind::kEvaluate:
      return "evaluate";
    case EventKind::kMemory:
      return "memory";
    case EventKind::kSummary:
      return "summary";
  }
  return "";
}

bool has_step(EventKind kind) { return kind != EventKind::kParameters && kind != EventKind::kSummary; }

std::string dump_line(const Json& value) {
  return with_named_nonfinite(value).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json_lines_form(const Event& event, double seconds) {
  Json line = {{"time", std::round(seconds * 1000) / 1000}, {"event", name_of(event.kind)}};
  if (has_step(event.kind)) line.update({{"step", event.step}, {"epoch", event.epoch}});
  line.update(event.values);
  return line;
}

// Formats as Python's str(datetime.now()): local time with microseconds.
std::string local_datetime(double seconds) {
  const auto microseconds = static_cast<int64_t>(std::llround(seconds * 1e6));
  const auto whole = static_cast<std::time_t>(microseconds / 1000000);
  std::tm parts = {};
  ::localtime_r(&whole, &parts);
  std::array<char, 32> text = {};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return fmt::format("{}.{:06}", std::string_view(text.data(), length), microseconds % 1000000);
}

Json dll_times(double seconds, double elapsed) {
  return {{"timestamp", fmt::format("{:.3f}", seconds * 1000)},
          {"datetime", local_datetime(seconds)},
          {"elapsedtime", fmt::format("{:.6f}", elapsed)}};
}

std::string dll_name(const std::string& name) {
  for (const auto& [ours, theirs] : kDllNames)
    if (name == ours) return std::string(theirs);
  return name;
}

Json with_dll_names(const Json& values) {
  Json renamed = Json::object();
  for (const auto& [name, value] : values.items()) renamed[dll_name(name)] = value;
  return renamed;
}

Json dll_step(const Event& event) {
  if (event.kind == EventKind::kParameters) return "PARAMETER";
  if (event.kind == EventKind::kSummary) return Json::array();
  return Json::array({static_cast<int64_t>(event.epoch), event.step});
}

Json to_dll_form(const Event& event, double seconds, double elapsed) {
  Json line = dll_times(seconds, elapsed);
  line.update({{"type", "LOG"}, {"step", dll_step(event)}, {"data", with_dll_names(event.values)}});
  return line;
}

struct LinePlace {
  const fs::path& path;
  int64_t line;
};

[[noreturn]] void refuse_line(const LinePlace& place, const char* name, const char* wanted, const Json& found) {
  throw UserError("`{}` in line {} of `{}` must be {}, but is {}; move the file away to continue without it", name,
                  place.line, place.path.string(), wanted, found.dump().substr(0, 60));
}

// Returns null where the object has no such field.
const Json& field(const Json& object, const char* name) {
  static const Json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

bool is_up_to(const Json& step, int64_t resumed_step, const LinePlace& place) {
  if (!step.is_number()) refuse_line(place, "step", "a number", step);
  return step.get<double>() <= static_cast<double>(resumed_step);
}

// Tells whether the log of a run that resumes after `resumed_step` keeps this line, of either form. The totals at the
// end of a run are dropped, because the resumed run writes them again.
bool is_kept(std::string_view text, int64_t resumed_step, const LinePlace& place) {
  if (text.starts_with(kDllPrefix)) text.remove_prefix(kDllPrefix.size());
  const Json line = Json::parse(text, nullptr, false);
  if (!line.is_object()) return false;
  if (const Json& event = field(line, "event"); !event.is_null() && !event.is_string())
    refuse_line(place, "event", "text", event);
  if (field(line, "event") == "summary") return false;
  const Json& step = field(line, "step");
  if (step.is_null() || step.is_string()) return true;
  if (step.is_array()) return !step.empty() && is_up_to(step.back(), resumed_step, place);
  return is_up_to(step, resumed_step, place);
}

int64_t count_kept_bytes(const fs::path& path, int64_t resumed_step) {
  if (!fs::exists(path)) return 0;
  const std::string content = read_file(path);
  size_t kept = 0;
  int64_t line = 1;
  for (size_t end; (end = content.find('\n', kept)) != content.npos; kept = end + 1)
    if (!is_kept(std::string_view(content).substr(kept, end - kept), resumed_step, {path, line++})) break;
  return static_cast<int64_t>(kept);
}

}  // namespace

struct EventLog::State {
  EventLogOptions options;
  AppendFile file;
  std::mutex mutex;
  double opened_at = 0;

  explicit State(EventLogOptions given)
      : options(std::move(given)),
        file(options.path, options.resumed_step ? count_kept_bytes(options.path, *options.resumed_step) : 0) {
    if (!options.unix_seconds) options.unix_seconds = unix_seconds_now;
    opened_at = options.unix_seconds();
  }

  void append(const Json& line) {
    const bool dll = options.form == EventLogForm::kDllogger;
    const std::string text = (dll ? std::string(kDllPrefix) : std::string()) + dump_line(line);
    const std::lock_guard lock(mutex);
    file.append(text);
  }
};

EventLog::EventLog(EventLogOptions options) : state_(std::make_unique<State>(std::move(options))) {}

EventLog::~EventLog() = default;

void EventLog::write(const Event& event) {
  const double seconds = state_->options.unix_seconds();
  const bool dll = state_->options.form == EventLogForm::kDllogger;
  state_->append(dll ? to_dll_form(event, seconds, seconds - state_->opened_at) : to_json_lines_form(event, seconds));
}

void EventLog::write_metadata(const std::string& metric, const Json& metadata) {
  const double seconds = state_->options.unix_seconds();
  const bool dll = state_->options.form == EventLogForm::kDllogger;
  Json line = dll ? dll_times(seconds, seconds - state_->opened_at) : Json{{"time", seconds}};
  line[dll ? "type" : "event"] = dll ? "METADATA" : "metadata";
  line.update({{"metric", dll ? dll_name(metric) : metric}, {"metadata", metadata}});
  state_->append(line);
}

}  // namespace retort::train
