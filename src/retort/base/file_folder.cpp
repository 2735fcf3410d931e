// Folders of file.h (made, locked, the cache's), the lock of output_lock.h, and the system's words that file.cpp uses
// too. Locks are flock(2): they belong to the open file, so the system gives them back however their holder ends.
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/log.h"
#include "retort/base/output_lock.h"
#include "retort/base/own_folder.h"
#include "retort/base/system.h"

namespace retort {
namespace {

// What the holder wrote about itself. It writes right after it has locked, so an empty file is looked at again.
std::string lock_holder(const fs::path& lock_path) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::string holder = read_file(lock_path);
    if (!holder.empty()) return holder.substr(0, holder.find('\n'));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return "another process";
}

constexpr std::string_view kHolderBegin = "process ";

// Whether a lock file holds nothing but what a holder wrote; another file of that name is locked and left as it is.
bool is_lock_file(int descriptor) {
  std::array<char, kHolderBegin.size()> begin = {};
  const ssize_t count = repeat_after_signal([&] { return ::pread(descriptor, begin.data(), begin.size(), 0); });
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink <= 1 && status.st_size < 4096 &&
         (count == 0 ||
          std::string_view(begin.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))) == kHolderBegin);
}

// Opens or makes a lock file; -1 with errno where it cannot. Throws UserError for anything but a file: what a link
// leads to is not this program's to write.
int open_lock_file(const fs::path& path) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int descriptor = repeat_after_signal([&] { return ::open(path.c_str(), flags, 0666); });
  struct stat status = {};
  if (descriptor < 0 && errno == ELOOP)
    throw UserError("`{}` must be the lock's own file, but is a link; remove the link", path.string());
  if (descriptor >= 0 && (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))) {
    ::close(descriptor);
    throw UserError("`{}` must be the lock's own file, but is {}; move it away", path.string(),
                    kind_of(status.st_mode));
  }
  return descriptor;
}

// Only informs others; a full disk that refuses these few bytes does not weaken the lock.
void write_holder(int descriptor) {
  if (!is_lock_file(descriptor)) return;
  const std::string holder = fmt::format("process {} on host {}\n", ::getpid(), maybe_host_name().value_or("unknown"));
  [[maybe_unused]] const bool informed =
      ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, holder.data(), holder.size(), 0) > 0;
}

// Its holder may have removed the file between our opening and our locking it.
bool is_file_at(int descriptor, const fs::path& path) {
  struct stat open = {}, named = {};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

[[noreturn]] void throw_not_locked(int lock_error, const fs::path& folder, const fs::path& lock_path) {
  if (lock_error == EWOULDBLOCK) {
    throw UserError("`{}` must be free, but {} is using it; wait for it or choose another folder", folder.string(),
                    lock_holder(lock_path));
  }
  throw UserError("`{}` must be lockable, but flock failed: {}; choose a folder on another file system",
                  lock_path.string(), system_reason(lock_error));
}

bool is_writable_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  return !failure && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

fs::path environment_path(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

fs::path home_folder() {
  if (const fs::path home = environment_path("HOME"); !home.empty()) return home;
  const passwd* const entry = ::getpwuid(::getuid());
  return entry != nullptr && entry->pw_dir != nullptr ? fs::path(entry->pw_dir) : fs::path();
}

// /tmp is shared: a folder of this name that somebody else has made must not be trusted with cached content.
fs::path own_temporary_folder() {
  const fs::path folder = fs::temp_directory_path() / fmt::format("retort-{}", ::getuid());
  ::mkdir(folder.c_str(), 0700);
  struct stat status = {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) {
    throw UserError("`{}` must be a folder of your own, but is not; set RETORT_CACHE to a folder that you can write",
                    folder.string());
  }
  return folder;
}

}  // namespace

Descriptor::~Descriptor() { ::close(number); }

int open_or_throw(const fs::path& path, int flags, const char* wanted) {
  const int descriptor = repeat_after_signal([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (descriptor < 0) {
    throw UserError("`{}` must be {}, but opening it failed: {}; check the path and its permissions", path.string(),
                    wanted, system_reason(errno));
  }
  return descriptor;
}

std::string system_reason(int error_number) { return std::generic_category().message(error_number); }

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return S_ISREG(mode) ? "a file" : "something else";
}

bool is_real_file(const fs::path& path) {
  std::error_code failure;
  return fs::symlink_status(path, failure).type() == fs::file_type::regular;
}

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (!failure && !fs::is_directory(path)) failure = std::make_error_code(std::errc::not_a_directory);
  if (!failure && ::access(path.c_str(), W_OK | X_OK) != 0) failure.assign(errno, std::generic_category());
  if (failure) {
    throw UserError("`{}` must be a folder that can be written, but is not: {}; choose another one", path.string(),
                    failure.message());
  }
}

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
  remove_dead_own_folders_once(folder);
}

FolderLock::~FolderLock() {
  [[maybe_unused]] const int cleared = is_lock_file(descriptor_) ? ::ftruncate(descriptor_, 0) : 0;
  ::close(descriptor_);
}

OutputLock::OutputLock(const fs::path& output) {
  if (fs::exists(output) && !fs::is_regular_file(output)) return;
  const fs::path path = output.parent_path() / fmt::format(".{}.lock", output.filename().string());
  for (;;) {
    descriptor_ = open_lock_file(path);
    if (descriptor_ < 0) return;  // the file itself cannot be written there either, which its writer tells of
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
  remove_dead_own_folders_once(output.has_parent_path() ? output.parent_path() : ".");
}

OutputLock::~OutputLock() {
  if (lock_path_.empty()) return;
  std::error_code ignored;
  if (is_lock_file(descriptor_)) fs::remove(lock_path_, ignored);
  ::close(descriptor_);
}

fs::path user_cache_folder() {
  const fs::path chosen = environment_path("RETORT_CACHE"), shared = environment_path("XDG_CACHE_HOME");
  if (!chosen.empty() && is_writable_folder(chosen)) return fs::absolute(chosen);
  // The XDG base directory specification: a relative path is invalid and to be ignored.
  if (shared.is_absolute() && is_writable_folder(shared / "retort")) return shared / "retort";
  const fs::path home = home_folder();
  if (home.is_absolute() && is_writable_folder(home / ".cache/retort")) return home / ".cache/retort";
  return own_temporary_folder();
}

}  // namespace retort
