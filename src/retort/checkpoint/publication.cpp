// The rename of the marked folder to `.retort-publishing` is the instant from which the new model holds. A config.json
// that is there goes first and the new one comes last: without it neither this program nor others take the folder for a
// model, so that a mixture of two is never read.
#include "retort/checkpoint/publication.h"

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
      throw UserError("`{}` must be the place of a file, but is a folder; move it away", (folder / name).string());
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

void publish_as_a_whole(const fs::path& folder, const std::function<void(const fs::path&)>& fill) {
  move_published_files(folder);
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

void move_published_files(const fs::path& folder) {
  const fs::path publishing = folder / kPublishing;
  if (!is_there(publishing)) return;
  if (!is_marked_folder(publishing)) return remove_marked_folder(publishing);  // which takes it only when it is empty
  log_info("`{}`: ending a publication of model files that was cut off", folder.string());
  move_files(folder);
}

void finish_publication(const fs::path& folder) {
  constexpr int kLooks = 200;
  if (is_there(folder / kPublishing) && !is_marked_folder(folder / kPublishing))
    return remove_marked_folder(folder / kPublishing);  // which takes it only when it is empty
  for (int look = 0; is_marked_folder(folder / kPublishing); ++look) {
    try {
      const FolderLock lock(folder);
      return move_published_files(folder);
    } catch (const std::runtime_error& failure) {  // UserError: its writer is at work; or nothing can be moved here
      if (look == kLooks)
        throw UserError(
            "`{}` must hold a whole model, but its publication was cut off and cannot be ended here: {}; run the "
            "command that wrote it again, with --resume",
            folder.string(), failure.what());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace retort::checkpoint
