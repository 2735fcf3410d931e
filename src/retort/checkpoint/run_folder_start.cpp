// The decisions behind run_folder_start.h, each one small function.
#include "retort/checkpoint/run_folder_start.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <regex>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/manifest.h"

namespace retort::checkpoint {
namespace {

// The records of a run, which an overwriting run sets aside, the settings first: a folder without settings but with
// checkpoints is one whose setting aside was interrupted. Model files are not among them: they stay usable until the
// new run replaces each, and the new run may start from them.
constexpr std::array kRecords = {kRunConfigFile, kDoneFile, kResultsFile, std::string_view("train_log.jsonl"),
                                 std::string_view("runs")};

std::optional<int64_t> maybe_checkpoint_step(std::string_view name) {
  if (!name.starts_with(kCheckpointPrefix)) return std::nullopt;
  name.remove_prefix(kCheckpointPrefix.size());
  int64_t step = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (failure != std::errc() || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

// The final name of `<name>.tmp.<pid>.<number>`, under which base/file.h builds files and folders.
std::optional<std::string> maybe_unfinished(const std::string& name) {
  static const std::regex pattern(R"((.+)\.tmp\.\d+\.\d+)");
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) return std::nullopt;
  return match[1].str();
}

bool is_leftover(const std::string& name) {
  return maybe_unfinished(name) || name == kUnpublished || name == kRoom ||
         (name.starts_with(kCheckpointPrefix) && name.ends_with(kDeletedSuffix));
}

bool counts_as_content(const std::string& name) {
  return !name.starts_with('.') && name != "lost+found" && !is_leftover(name);
}

// Something of the user's or of an earlier run; hidden files (.lock, .nfs...), a file system's own folder and what a
// killed save left do not count.
std::optional<std::string> maybe_first_entry(const fs::path& folder) {
  std::optional<std::string> first;
  if (!fs::exists(folder)) return first;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (counts_as_content(name) && (!first || name < *first)) first = name;
  }
  return first;
}

bool holds_a_run(const fs::path& folder) {
  const auto exists = [&](std::string_view record) { return fs::exists(folder / record); };
  return std::ranges::any_of(kRecords, exists) || !list_checkpoints(folder).empty();
}

std::string describe_newest(const fs::path& folder) {
  const auto found = list_checkpoints(folder);
  return found.empty() ? "without checkpoints" : fmt::format("at `{}`", found.back().path.filename().string());
}

void refuse_used_folder(const fs::path& folder) {
  const auto entry = maybe_first_entry(folder);
  if (!entry) return;
  if (fs::exists(folder / kDoneFile)) {
    throw UserError(
        "`{}` must be empty, but holds a finished run (it has `{}`); choose another --output_dir, or "
        "--overwrite_output_dir to replace that run",
        folder.string(), kDoneFile);
  }
  if (holds_a_run(folder)) {
    throw UserError(
        "`{}` must be empty, but holds an unfinished run {}; use --resume to continue it, or --overwrite_output_dir to "
        "start anew",
        folder.string(), describe_newest(folder));
  }
  throw UserError(
      "`{}` must be empty, but holds `{}`; choose another --output_dir, or --overwrite_output_dir to write beside what "
      "is there",
      folder.string(), *entry);
}

void refuse_unresumable_folder(const fs::path& folder) {
  const auto entry = maybe_first_entry(folder);
  if (entry && fs::exists(folder / kDoneFile)) {
    throw UserError(
        "`{}` must hold an unfinished run, but its run is finished (it has `{}`); there is nothing to --resume: choose "
        "another --output_dir, or --overwrite_output_dir to start anew",
        folder.string(), kDoneFile);
  }
  if (entry && !holds_a_run(folder)) {
    throw UserError("`{}` must hold a run to --resume, but holds none, only `{}`; give the --output_dir of that run",
                    folder.string(), *entry);
  }
}

void check_start(const RunFolderOptions& options) {
  const fs::path& folder = options.output_dir;
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw UserError("`{}` must be a folder, but is a file; choose another --output_dir", folder.string());
  }
  if (options.start == RunStart::kNew) refuse_used_folder(folder);
  if (options.start == RunStart::kResume) refuse_unresumable_folder(folder);
}

void remove_leftover(const fs::path& path) {
  log_info("removing `{}`, left by a save that was cut off", path.string());
  fs::remove_all(path);
}

// A file system that cannot exchange two names has an instant in which the checkpoint exists under temporary names
// only.
bool maybe_recover(const fs::path& leftover, const fs::path& path) {
  if (fs::exists(path) || verify_checkpoint_folder(leftover)) return false;
  log_info("`{}` was complete when its save was cut off; it is now `{}`", leftover.string(), path.string());
  fs::rename(leftover, path);
  return true;
}

void remove_records(const fs::path& folder) {
  for (const std::string_view record : kRecords) fs::remove_all(folder / record);
  for (const CheckpointFolder& checkpoint : list_checkpoints(folder)) fs::remove_all(checkpoint.path);
}

void move_records(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const std::string_view record : kRecords)
    if (fs::exists(from / record)) fs::rename(from / record, to / record);
  for (const CheckpointFolder& checkpoint : list_checkpoints(from))
    fs::rename(checkpoint.path, to / checkpoint.path.filename());
}

}  // namespace

std::vector<CheckpointFolder> list_checkpoints(const fs::path& folder) {
  std::vector<CheckpointFolder> found;
  if (!fs::exists(folder)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const auto step = maybe_checkpoint_step(entry.path().filename().string());
    if (step && entry.is_directory()) found.push_back({*step, entry.path()});
  }
  std::ranges::sort(found, {}, &CheckpointFolder::step);
  return found;
}

// Refuses before it locks, so that a folder which is not ours is left without even a lock file; but where a lock file
// lies, the holder is the better reason to give.
std::unique_ptr<FolderLock> lock_checked(const RunFolderOptions& options) {
  if (!fs::exists(options.output_dir / ".lock")) check_start(options);
  auto lock = std::make_unique<FolderLock>(options.output_dir);
  check_start(options);
  return lock;
}

void clean_leftovers(const fs::path& folder) {
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (is_leftover(entry.path().filename().string())) leftovers.push_back(entry.path());
  for (const fs::path& path : leftovers) {
    const std::string final_name = maybe_unfinished(path.filename().string()).value_or("");
    if (!maybe_checkpoint_step(final_name) || !maybe_recover(path, folder / final_name)) remove_leftover(path);
  }
}

void set_previous_run_aside(const fs::path& folder) {
  const fs::path previous = folder / kPreviousRun;
  if (!holds_a_run(folder)) return;
  if (fs::exists(previous) && fs::exists(folder / kRunConfigFile)) {
    // A run that overwrote `previous` was itself cut off: keep whichever of the two got as far as saving.
    const bool saved = !list_checkpoints(folder).empty() || fs::exists(folder / kDoneFile);
    if (!saved) return remove_records(folder);
    fs::remove_all(previous);
  }
  move_records(folder, previous);
  log_info("the earlier run in `{}` is now in `{}`, until the new one has saved", folder.string(), previous.string());
}

}  // namespace retort::checkpoint
