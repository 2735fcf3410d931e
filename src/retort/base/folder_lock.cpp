// See folder_lock.h.
#include "retort/base/folder_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/folder.h"
#include "retort/base/lock_file.h"
#include "retort/base/log.h"
#include "retort/base/marked_folder.h"

namespace retort {
namespace {

[[noreturn]] void throw_not_locked(int lock_error, const fs::path& folder, const fs::path& lock_path) {
  if (lock_error == EWOULDBLOCK) {
    throw UserError("`{}` must be free, but {} is using it; wait for it or choose another folder", folder.string(),
                    lock_holder(lock_path));
  }
  throw UserError("`{}` must be lockable, but flock failed: {}; choose a folder on another file system",
                  lock_path.string(), system_reason(lock_error));
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, WhenBusy when_busy) {
  make_folder(folder);
  const fs::path lock_path = folder / ".lock";
  descriptor_ = open_lock_file(lock_path);
  if (descriptor_ < 0)
    throw UserError("`{}` must be writable, but opening it failed: {}; check the path and its permissions",
                    lock_path.string(), system_reason(errno));
  const auto lock = [&](int how) { return repeat_after_signal([&] { return ::flock(descriptor_, LOCK_EX | how); }); };
  int failure = lock(LOCK_NB);
  if (failure != 0 && errno == EWOULDBLOCK && when_busy == WhenBusy::kWait) {
    log_info("waiting for {}, which is using `{}`", lock_holder(lock_path), folder.string());
    failure = lock(0);
  }
  if (failure != 0) {
    const int lock_error = errno;
    ::close(descriptor_);
    throw_not_locked(lock_error, folder, lock_path);
  }
  write_holder(descriptor_);
  remove_stale_folders_once(folder);
}

FolderLock::~FolderLock() {
  [[maybe_unused]] const int cleared = is_lock_file(descriptor_) ? ::ftruncate(descriptor_, 0) : 0;
  ::close(descriptor_);
}

}  // namespace retort
