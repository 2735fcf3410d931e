// write(2) in append mode, and ftruncate(2) back to the last whole record when a write fails. Not synced: a power cut
// may take the last lines of a log, never a checkpoint.
#include "retort/train/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::train {
namespace {

std::string reason_of(int error_number) { return std::generic_category().message(error_number); }

// Returns 0, or the errno of the write that failed.
int write_whole(int descriptor, std::string_view record) {
  while (!record.empty()) {
    const ssize_t written = ::write(descriptor, record.data(), record.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) record.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// Replaces a symbolic link, or a file with a second hard link, by a copy of the bytes that are kept: the other name is
// not ours to write.
void make_own(const fs::path& path, int64_t kept_bytes) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0 || (S_ISREG(status.st_mode) && status.st_nlink == 1)) return;
  if (S_ISDIR(status.st_mode)) return;  // opening it fails with a clear error
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
    throw UserError("`{}` must be a file, but is a pipe or device; move it away", path.string());
  const std::string content = kept_bytes > 0 ? read_file(path) : std::string();
  fs::remove(path);
  write_file_atomically(path, std::string_view(content).substr(0, static_cast<size_t>(kept_bytes)));
}

}  // namespace

AppendFile::AppendFile(fs::path path, int64_t kept_bytes) : path_(std::move(path)), byte_count_(kept_bytes) {
  make_own(path_, kept_bytes);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor_ >= 0 && ::ftruncate(descriptor_, kept_bytes) == 0) return;
  const int failure = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  throw UserError("`{}` must be a file that can be written, but opening it failed: {}; check its folder's permissions",
                  path_.string(), reason_of(failure));
}

AppendFile::~AppendFile() { ::close(descriptor_); }

void AppendFile::append(std::string_view record) {
  const int failure = write_whole(descriptor_, record);
  if (failure == 0) {
    byte_count_ += static_cast<int64_t>(record.size());
    has_warned_ = false;
    return;
  }
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, byte_count_);
  if (!has_warned_) log_warning("`{}` is no longer written: {}; the run continues", path_.string(), reason_of(failure));
  has_warned_ = true;
}

}  // namespace retort::train
