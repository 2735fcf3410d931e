// The new model is valid from the rename of the marked folder to `.retort-publishing` on. The old config.json is
// removed first and the new one comes last: a folder without config.json is no model for any program, so nobody ever
// reads a mixture of two models.
#include "retort/checkpoint/publish_files.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/folder_lock.h"
#include "retort/base/log.h"
#include "retort/base/marked_folder.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::checkpoint {
namespace {

constexpr const char *kPublishing = ".retort-publishing", *kFiles = "files", *kConfig = "config.json";

bool is_there(const fs::path& path) {
  std::error_code failure;
  return fs::exists(fs::symlink_status(path, failure));
}

std::vector<fs::path> names_in(const fs::path& folder) {
  std::vector<fs::path> names;
  if (!is_there(folder)) return names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  std::ranges::stable_partition(names, [](const fs::path& name) { return name != kConfig; });
  return names;
}

void check_places(const fs::path& folder, const std::vector<fs::path>& names) {
  for (const fs::path& name : names) {
    std::error_code failure;
    if (fs::symlink_status(folder / name, failure).type() == fs::file_type::directory)
      throw UserError("`{}` must be a file or not exist, but is a folder; move it away", (folder / name).string());
  }
}

void sync_files(const fs::path& folder) {
  for (const fs::path& name : names_in(folder)) sync_path(folder / name);
  sync_path(folder);
}

void move_files(const fs::path& folder) {
  const fs::path publishing = folder / kPublishing, files = publishing / kFiles;
  const std::vector<fs::path> names = names_in(files);
  check_places(folder, names);
  if (is_there(files / kConfig) && is_there(folder / kConfig)) {
    fs::rename(folder / kConfig, publishing / "older_config.json");
    sync_path(folder);
  }
  for (const fs::path& name : names) {
    if (name == kConfig) sync_path(folder);
    fs::rename(files / name, folder / name);
  }
  sync_path(folder);
  remove_marked_folder(publishing);
}

}  // namespace

void publish_files_atomically(const fs::path& folder, const std::function<void(const fs::path&)>& fill) {
  finish_locked_publication(folder);
  const fs::path own = make_temporary_folder(folder);
  try {
    fs::create_directory(own / kFiles);
    fill(own / kFiles);
    sync_files(own / kFiles);
    sync_path(own / kMarkerFile);
    sync_path(own);
    check_places(folder, names_in(own / kFiles));
    rename_marked_folder(own, folder / kPublishing);
  } catch (...) {
    remove_marked_folder(own);
    throw;
  }
  sync_path(folder);
  move_files(folder);
}

void finish_locked_publication(const fs::path& folder) {
  const fs::path publishing = folder / kPublishing;
  if (!is_there(publishing)) return;
  if (!is_marked_folder(publishing)) return remove_marked_folder(publishing);  // removes it only when it is empty
  log_info("`{}`: finishing an interrupted publication of model files", folder.string());
  move_files(folder);
}

void finish_publication(const fs::path& folder) {
  constexpr int kLooks = 200;
  if (is_there(folder / kPublishing) && !is_marked_folder(folder / kPublishing))
    return remove_marked_folder(folder / kPublishing);  // removes it only when it is empty
  for (int look = 0; is_marked_folder(folder / kPublishing); ++look) {
    try {
      const FolderLock lock(folder);
      return finish_locked_publication(folder);
    } catch (const std::runtime_error& failure) {  // UserError: another process is writing; or files cannot be moved
      if (look == kLooks)
        throw UserError(
            "`{}` must contain a complete model, but its publication was interrupted and cannot be finished here: {}; "
            "run the "
            "command that wrote it again, with --resume",
            folder.string(), failure.what());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace retort::checkpoint
