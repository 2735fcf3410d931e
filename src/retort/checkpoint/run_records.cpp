// The settings file has a name that only retort uses; DONE contains its format; log and results belong to the run whose
// settings are in the same folder; event files are those that the list in runs/ names. Links never belong to a run.
#include "retort/checkpoint/run_records.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "retort/base/json.h"
#include "retort/base/log.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/run_folder_start.h"

namespace retort::checkpoint {
namespace {

// Model files are not listed: they stay usable until the new run replaces them, and the new run may start from
// them.
constexpr std::string_view kEventLog = "train_log.jsonl", kRuns = "runs";
constexpr std::array kBesideSettings = {kResultsFile, kEventLog};

bool is_real_folder(const fs::path& path) {
  std::error_code failure;
  return fs::symlink_status(path, failure).type() == fs::file_type::directory;
}

bool has_settings(const fs::path& folder) {
  return is_real_file(folder / kRunConfigFile) || is_real_file(folder / kPreviousRun / kRunConfigFile);
}

// The files of runs/ that its list names, and last the list itself.
std::vector<fs::path> own_event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  const fs::path runs = folder / kRuns, list = runs / kEventFileList;
  if (!is_real_folder(runs) || !is_real_file(list)) return files;
  std::istringstream lines(read_file(list));
  for (std::string name; std::getline(lines, name);)
    if (name.starts_with("events.out.tfevents.") && name.find('/') == name.npos && is_real_file(runs / name))
      files.push_back(runs / name);
  files.push_back(list);
  return files;
}

std::vector<fs::path> own_records(const fs::path& folder) {
  std::vector<fs::path> records;
  if (is_real_file(folder / kRunConfigFile)) records.push_back(folder / kRunConfigFile);
  if (has_done_marker(folder)) records.push_back(folder / kDoneFile);
  for (const std::string_view name : kBesideSettings)
    if (has_settings(folder) && is_real_file(folder / name)) records.push_back(folder / name);
  for (const CheckpointFolder& checkpoint : list_checkpoints(folder))
    if (is_own_checkpoint(checkpoint.path)) records.push_back(checkpoint.path);
  for (fs::path& file : own_event_files(folder)) records.push_back(std::move(file));
  return records;
}

// Removes runs/ after its last file.
void remove_if_empty(const fs::path& folder) {
  std::error_code ignored;
  if (is_real_folder(folder) && fs::is_empty(folder, ignored)) fs::remove(folder, ignored);
}

}  // namespace

bool has_done_marker(const fs::path& folder) {
  const fs::path path = folder / kDoneFile;
  std::error_code failure;
  constexpr uintmax_t kMostBytes = 4096;
  if (!is_real_file(path) || fs::file_size(path, failure) > kMostBytes || failure) return false;
  const Json done = Json::parse(read_file(path), nullptr, false);
  return done.is_object() && done.contains("format") && done["format"] == "retort-run";
}

bool holds_run(const fs::path& folder) {
  if (is_real_file(folder / kRunConfigFile) || has_done_marker(folder)) return true;
  return std::ranges::any_of(list_checkpoints(folder), is_own_checkpoint, &CheckpointFolder::path);
}

void move_records(const fs::path& from, const fs::path& to) {
  for (const fs::path& record : own_records(from)) {
    const fs::path target = to / record.lexically_relative(from);
    fs::create_directories(target.parent_path());
    fs::rename(record, target);
  }
  remove_if_empty(from / kRuns);
}

void remove_records(const fs::path& folder) {
  std::vector<fs::path> records = own_records(folder);
  std::ranges::reverse(records);
  // The list of event files comes first now; it must be removed after them.
  std::ranges::stable_partition(records, [](const fs::path& path) { return path.filename() != kEventFileList; });
  std::ranges::stable_partition(records, [](const fs::path& path) { return path.filename() != kRunConfigFile; });
  for (const fs::path& record : records) fs::remove_all(record);
  remove_if_empty(folder / kRuns);
}

void report_foreign_files(const fs::path& folder) {
  const std::vector<fs::path> own = own_records(folder);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool looks_alike = name == kRuns || name == kDoneFile || name.starts_with(kCheckpointPrefix) ||
                             std::ranges::find(kBesideSettings, name) != kBesideSettings.end();
    if (!looks_alike || std::ranges::find(own, entry.path()) != own.end()) continue;
    if (name == kRuns && is_real_file(entry.path() / kEventFileList)) continue;
    log_info("`{}` does not belong to a run of retort: it is not moved", entry.path().string());
  }
}

}  // namespace retort::checkpoint
