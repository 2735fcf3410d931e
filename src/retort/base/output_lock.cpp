// See output_lock.h.
#include "retort/base/output_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <system_error>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/lock_file.h"
#include "retort/base/marked_folder.h"

namespace retort {

OutputLock::OutputLock(const fs::path& output) {
  if (fs::exists(output) && !fs::is_regular_file(output)) return;
  const fs::path path = output.parent_path() / fmt::format(".{}.lock", output.filename().string());
  for (;;) {
    descriptor_ = open_lock_file(path);
    if (descriptor_ < 0) return;  // the output cannot be written either; its writer reports that
    const int failure = repeat_after_signal([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); });
    const bool is_busy = failure != 0 && errno == EWOULDBLOCK;  // other failures: a file system without locks
    if (!is_busy && is_file_at(descriptor_, path)) break;
    ::close(descriptor_);
    if (is_busy)
      throw UserError("`{}` must be written by one process, but {} is writing it; wait for it or name another file",
                      output.string(), lock_holder(path));
  }
  lock_path_ = path;
  write_holder(descriptor_);
  remove_stale_folders_once(output.has_parent_path() ? output.parent_path() : ".");
}

OutputLock::~OutputLock() {
  if (lock_path_.empty()) return;
  std::error_code ignored;
  if (is_lock_file(descriptor_)) fs::remove(lock_path_, ignored);
  ::close(descriptor_);
}

}  // namespace retort
