// One writer for a file that takes long to make.
#pragma once

#include "retort/base/file.h"

namespace retort {

// Holds `.<name>.lock` beside a file that is to be written, while alive (flock). Throws UserError that names the holder
// where another process writes the same file. The lock is gone with its holder, however that ends; a killed one leaves
// the empty file, which the next holder takes away. Devices and pipes are not locked.
class OutputLock {
 public:
  explicit OutputLock(const fs::path& output);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  fs::path lock_path_;  // empty: nothing is locked
  int descriptor_ = -1;
};

}  // namespace retort
