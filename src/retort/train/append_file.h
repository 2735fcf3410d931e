// A file that only grows, by whole pieces: the event log's lines, TensorBoard's records. What a full disk cuts off is
// taken back, so that a reader never meets half a piece and the file goes on once there is room again.
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

  // Hands the piece to the system in one call, so that nothing is lost when the process is killed. When that fails, the
  // piece is left out and a warning logged, one for each row of failures. Not thread-safe.
  void append(std::string_view piece);

 private:
  fs::path path_;
  int descriptor_ = -1;
  int64_t byte_count_ = 0;
  bool has_warned_ = false;
};

}  // namespace retort::train
