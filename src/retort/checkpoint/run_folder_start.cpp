// The decisions of run_folder_start.h, one small function each.
#include "retort/checkpoint/run_folder_start.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <regex>

#include "retort/base/error.h"
#include "retort/base/folder_lock.h"
#include "retort/base/log.h"
#include "retort/base/marked_folder.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/publish_files.h"
#include "retort/checkpoint/run_records.h"

namespace retort::checkpoint {
namespace {

// `checkpoint-N.tmp.<pid>.<n>` and `checkpoint-N.deleted` of earlier versions; returns the checkpoint's name.
std::optional<std::string> maybe_older_leftover(const std::string& name) {
  static const std::regex pattern(R"((checkpoint-\d+)(\.tmp\.\d+\.\d+|\.deleted))");
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) return std::nullopt;
  return match[1].str();
}

bool counts_as_content(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with('.') && name != "lost+found" && !(maybe_older_leftover(name) && is_own_checkpoint(path));
}

// A file of the user or of an earlier run. Hidden files (.lock, .nfs...), the file system's own folder and leftovers of
// killed saves do not count.
std::optional<std::string> maybe_first_entry(const fs::path& folder) {
  std::optional<std::string> first;
  if (!fs::exists(folder)) return first;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (counts_as_content(entry.path()) && (!first || name < *first)) first = name;
  }
  return first;
}

std::string describe_newest(const fs::path& folder) {
  const auto found = list_checkpoints(folder);
  return found.empty() ? "without checkpoints" : fmt::format("at `{}`", found.back().path.filename().string());
}

void refuse_used_folder(const fs::path& folder) {
  const auto entry = maybe_first_entry(folder);
  if (!entry) return;
  if (has_done_marker(folder)) {
    throw UserError(
        "`{}` must be empty, but holds a finished run (it has `{}`); choose another --output_dir, or "
        "--overwrite_output_dir to replace that run",
        folder.string(), kDoneFile);
  }
  if (holds_run(folder)) {
    throw UserError(
        "`{}` must be empty, but holds an unfinished run {}; use --resume to continue it, or --overwrite_output_dir to "
        "start again",
        folder.string(), describe_newest(folder));
  }
  throw UserError(
      "`{}` must be empty, but holds `{}`; choose another --output_dir, or --overwrite_output_dir to write beside what "
      "is there",
      folder.string(), *entry);
}

void refuse_unresumable_folder(const fs::path& folder) {
  const auto entry = maybe_first_entry(folder);
  if (entry && !holds_run(folder)) {
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

// Renames a complete checkpoint that a killed save did not rename.
bool maybe_recover(const fs::path& leftover, const fs::path& path) {
  std::error_code failure;
  if (fs::exists(fs::symlink_status(path, failure)) || verify_checkpoint_folder(leftover)) return false;
  log_info("`{}` was complete when its save was interrupted; renamed to `{}`", leftover.string(), path.string());
  fs::rename(leftover, path);
  return true;
}

void recover_from(const fs::path& own_folder, const fs::path& folder) {
  for (const CheckpointFolder& checkpoint : list_checkpoints(own_folder))
    maybe_recover(checkpoint.path, folder / checkpoint.path.filename());
}

// Removes the space that an earlier version reserved: allocated but never written, so nothing can be lost.
void remove_older_reservation(const fs::path& folder) {
  const fs::path path = folder / ".room";
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status = {};
  const bool is_reservation = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
                              status.st_size > 0 && ::lseek(descriptor, 0, SEEK_DATA) < 0 && errno == ENXIO;
  ::close(descriptor);
  if (is_reservation) ::unlink(path.c_str());
}

void remove_older_leftovers(const fs::path& folder) {
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (maybe_older_leftover(entry.path().filename().string()) && is_own_checkpoint(entry.path()))
      leftovers.push_back(entry.path());
  for (const fs::path& path : leftovers) {
    const std::string name = path.filename().string(), final_name = maybe_older_leftover(name).value_or("");
    if (!name.ends_with(".deleted") && maybe_recover(path, folder / final_name)) continue;
    log_info("removing `{}`, which an interrupted save left", path.string());
    fs::remove_all(path);
  }
}

// previous_run/ belongs to somebody else when it has neither a marker nor a run.
void check_previous_run_is_own(const fs::path& previous) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(previous, failure)) || is_marked_folder(previous)) return;
  const bool is_folder = fs::symlink_status(previous, failure).type() == fs::file_type::directory;
  if (is_folder && (holds_run(previous) || fs::is_empty(previous, failure))) return;
  throw UserError("`{}` must not exist or be a folder of retort, but is another folder; move it away",
                  previous.string());
}

}  // namespace

// Checks before it locks, so that a folder which is not retort's is left without even a lock file. If there is a lock
// file, it locks first, because the holder is the more useful error.
std::unique_ptr<FolderLock> lock_checked(const RunFolderOptions& options) {
  if (!fs::exists(options.output_dir / ".lock")) check_start(options);
  auto lock = std::make_unique<FolderLock>(options.output_dir);
  check_start(options);
  return lock;
}

void clean_leftovers(const fs::path& folder) {
  remove_stale_folders(folder, [&](const fs::path& own_folder) { recover_from(own_folder, folder); });
  remove_older_leftovers(folder);
  remove_older_reservation(folder);
  finish_locked_publication(folder);
}

bool is_finished(const fs::path& folder) { return has_done_marker(folder); }

void remove_previous_run(const fs::path& folder) {
  const fs::path previous = folder / kPreviousRun;
  std::error_code failure;
  if (fs::symlink_status(previous, failure).type() != fs::file_type::directory) return;
  if (!is_marked_folder(previous) && !holds_run(previous)) return;
  remove_records(previous);
  const bool is_last = std::distance(fs::directory_iterator(previous), fs::directory_iterator()) <= 1;
  if (is_last) return remove_marked_folder(previous);
  log_info("`{}` stays, because it contains files that are not of a run", previous.string());
}

void set_previous_run_aside(const fs::path& folder) {
  const fs::path previous = folder / kPreviousRun;
  if (!holds_run(folder)) return report_foreign_files(folder);
  check_previous_run_is_own(previous);
  if (fs::exists(previous) && fs::exists(folder / kRunConfigFile)) {
    // The run that overwrote `previous` was itself interrupted: keep the one of the two that has saved.
    const bool saved = !list_checkpoints(folder).empty() || is_finished(folder);
    if (!saved) return remove_records(folder);
    remove_records(previous);
  }
  fs::create_directory(previous);
  mark_folder(previous);
  move_records(folder, previous);
  log_info("the earlier run in `{}` is now in `{}`, until the new one has saved", folder.string(), previous.string());
  report_foreign_files(folder);
}

}  // namespace retort::checkpoint
