// Lock file of a folder: one process uses the folder at a time.
#pragma once

#include "retort/base/file.h"

namespace retort {

// Holds the lock file `<folder>/.lock` while alive (flock); makes the folder when it is missing. If another process
// holds the lock, it waits, after a log line that names the holder's pid and host, or throws UserError with the same.
// The system releases the lock of a process that ends, so no stale lock has to be removed by hand.
class FolderLock {
 public:
  enum class WhenBusy { kThrow, kWait };
  explicit FolderLock(const fs::path& folder, WhenBusy when_busy = WhenBusy::kThrow);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace retort
