// The output folder of commands that evaluate: taken first (so that a folder that cannot be written is known before any
// work), filled with predictions, results.json and the effective settings.
#pragma once

#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/folder_lock.h"
#include "retort/base/json.h"

namespace retort::task {

class ResultFolder {
 public:
  // Makes and locks the folder; throws UserError when it cannot be written or another process holds it.
  explicit ResultFolder(const fs::path& path) : path_(make(path)), lock_(path_) {}
  const fs::path& path() const { return path_; }

  // eval_config.json, results.json and the DONE marker.
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
