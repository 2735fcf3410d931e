// What a local folder and an object store had in common when they were last compared: a JSON file beside the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "retort/store/object_store.h"

namespace retort::store {

struct LocalFile {
  int64_t byte_count = 0, modified_ns = 0;
  bool operator==(const LocalFile&) const = default;
};

// The files at or below a path by their relative names ("" for a file itself), without locks, links and folders whose
// name begins with a period, which hold what is not finished.
std::map<std::string, LocalFile> list_local_files(const std::filesystem::path& root);

class SyncedFiles {
 public:
  // Reads the record of `root`; starts with an empty one when it is missing or damaged.
  explicit SyncedFiles(const std::filesystem::path& root);

  bool has_local(const std::string& name, const LocalFile& file) const;
  bool has_stored(const StoredObject& object) const;
  void set(const StoredObject& object, const LocalFile& file);
  void erase(const std::string& name) { files_.erase(name); }
  std::map<std::string, LocalFile> locals() const;
  void write() const;

 private:
  struct Pair {
    LocalFile local;
    int64_t stored_ns = 0, stored_bytes = 0;
  };
  std::filesystem::path path_;
  std::map<std::string, Pair> files_;
};

}  // namespace retort::store
