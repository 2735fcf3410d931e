// Lock file for an output file that takes long to write.
#pragma once

#include "retort/base/file.h"

namespace retort {

// Holds the lock file `.<name>.lock` beside an output file while alive (flock). Throws UserError that names the holder
// when another process writes the same file. The system releases the lock when its holder ends. A killed holder leaves
// an empty lock file, which the next holder removes. Devices and pipes are not locked.
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
