// The output folder of evaluation commands: created first, so that an unwritable folder fails before any work, then
// filled with predictions, results.json and the settings.
#pragma once

#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/folder_lock.h"
#include "retort/base/json.h"

namespace retort::task {

class ResultFolder {
 public:
  // Creates and locks the folder; throws UserError when it is not writable or another process has locked it.
  explicit ResultFolder(const fs::path& path) : path_(make(path)), lock_(path_) {}
  const fs::path& path() const { return path_; }

  // Writes eval_config.json, results.json and the DONE marker.
  void finish(const Json& settings, const Json& results) const {
    write_json_file(path_ / "eval_config.json", settings);
    write_json_file(path_ / "results.json", results);
    write_file_atomically(path_ / "DONE", "");
  }

 private:
  static fs::path make(const fs::path& path) {
    make_folder(path);
    return path;
  }
  fs::path path_;
  FolderLock lock_;
};

}  // namespace retort::task
