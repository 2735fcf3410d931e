// A file to which whole records are appended: the event log's lines, TensorBoard's records. A record that a full disk
// cuts off is removed, so that readers never see half a record and the file grows again once there is room.
#pragma once

#include <cstdint>
#include <string_view>

#include "retort/base/file.h"

namespace retort::train {

class AppendFile {
 public:
  // Opens or makes the file and cuts it to its first `kept_bytes`. Throws UserError when it cannot.
  AppendFile(fs::path path, int64_t kept_bytes);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  const fs::path& path() const { return path_; }

  // Hands the record to the system in one call, so that nothing is lost when the process is killed. When that fails,
  // the record is left out; the first of several failures in a row logs a warning. Not thread-safe.
  void append(std::string_view record);

 private:
  fs::path path_;
  int descriptor_ = -1;
  int64_t byte_count_ = 0;
  bool has_warned_ = false;
};

}  // namespace retort::train
