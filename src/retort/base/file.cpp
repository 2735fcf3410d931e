// System calls behind file.h: reading, mapping and atomic replacement. Every call is repeated after a signal (EINTR)
// and every result is looked at, also those of fsync and close, which is where a full or broken disk may first show
// (fsync(2), close(2); Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, for the order of the steps).
#include "retort/base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/log.h"

namespace retort {
namespace {

constexpr size_t kGatheredBytes =
    1 << 18;  // one system call writes at least this much, the last one of a file excepted

// Beside `path`, because a rename is atomic within one file system only. The number keeps threads apart.
fs::path temporary_beside(const fs::path& path) {
  static std::atomic<int> counter{0};
  return fmt::format("{}.tmp.{}.{}", path.string(), ::getpid(), counter++);
}

void write_all(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = repeat_after_signal([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (written < 0) {
      throw UserError("`{}` must be writable to its end, but writing failed: {}, with {} bytes still to be written; {}",
                      path.string(), system_reason(errno), bytes.size(),
                      errno == ENOSPC || errno == EDQUOT ? "free some space or choose another folder"
                                                         : "check the disk or choose another folder");
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void sync_descriptor(int descriptor, const fs::path& path) {
  if (repeat_after_signal([&] { return ::fsync(descriptor); }) != 0) {
    throw UserError("`{}` must reach the disk, but fsync failed: {}; its content may be lost, check the disk",
                    path.string(), system_reason(errno));
  }
}

void close_checked(int descriptor, const fs::path& path) {
  // Not repeated after a signal: Linux has released the descriptor by then (close(2), NOTES).
  if (::close(descriptor) != 0 && errno != EINTR) {
    throw UserError("`{}` must be stored, but closing it failed: {}; its content may be lost, check the disk",
                    path.string(), system_reason(errno));
  }
}

}  // namespace

void sync_path(const fs::path& path) {
  const int descriptor = open_or_throw(path, O_RDONLY, "can be opened to sync it");
  try {
    sync_descriptor(descriptor, path);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  close_checked(descriptor, path);
}

namespace {

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void rename_or_throw(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw UserError("`{}` must be replaceable, but renaming `{}` to it failed: {}; check the folder's permissions",
                    to.string(), from.string(), system_reason(errno));
  }
}

// A new file in the folder that has no name yet and can be given one; -1 where there is no such thing.
int maybe_open_unnamed(const fs::path& folder) {
  if (::access("/proc/self/fd", F_OK) != 0) return -1;
  return repeat_after_signal([&] { return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666); });
}

void link_or_throw(int descriptor, const fs::path& path) {
  const std::string open_file = fmt::format("/proc/self/fd/{}", descriptor);
  if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0)
    throw UserError("`{}` must be writable, but the file could not be given its name: {}; check the folder",
                    path.string(), system_reason(errno));
}

// The file that `path` points to, also when that does not exist yet.
fs::path follow_links(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_symlink(path, failure)) return path;
  const fs::path followed = fs::weakly_canonical(path, failure);
  return failure ? path : followed;
}

// True when the bytes go somewhere that has no content to protect.
bool is_device_or_pipe(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

bool is_folder(const fs::path& path) {
  std::error_code failure;
  return fs::is_directory(path, failure);
}

void sync_tree(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_symlink() && (entry.is_regular_file() || entry.is_directory())) sync_path(entry.path());
  sync_path(folder);
}

// Swaps the names of two folders in one step; false when the file system cannot.
bool maybe_exchange(const fs::path& a, const fs::path& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

// Puts `complete` in the place of the folder `path`; afterwards `complete` holds the old content, if there was any.
void put_in_place(const fs::path& complete, const fs::path& path) {
  if (!is_folder(path)) return rename_or_throw(complete, path);
  if (maybe_exchange(complete, path)) return;
  const fs::path aside = temporary_beside(path);
  rename_or_throw(path, aside);
  if (::rename(complete.c_str(), path.c_str()) != 0) {
    rename_or_throw(aside, path);
    rename_or_throw(complete, path);  // says why
  }
  rename_or_throw(aside, complete);
}

void remove_or_warn(const fs::path& folder) {
  std::error_code failure;
  fs::remove_all(folder, failure);
  if (failure) log_warning("`{}` is left over and could not be removed: {}", folder.string(), failure.message());
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(open_or_throw(path, O_RDONLY | O_NONBLOCK, "a readable file"));  // or a pipe would wait here
  map(file.number, path);
}

void MappedFile::map(int descriptor, const fs::path& path) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    throw UserError("`{}` must be a regular file, but is {}", path.string(), kind_of(status.st_mode));
  const auto byte_count = static_cast<size_t>(status.st_size);
  void* const address = byte_count > 0 ? ::mmap(nullptr, byte_count, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  if (address == MAP_FAILED) {
    throw UserError("`{}` must be readable, but mapping its {} bytes failed: {}", path.string(), byte_count,
                    system_reason(errno));
  }
  address_ = static_cast<const std::byte*>(address), byte_count_ = byte_count;
}

MappedFile::~MappedFile() {
  if (address_ != nullptr) ::munmap(const_cast<std::byte*>(address_), byte_count_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), byte_count_(std::exchange(other.byte_count_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(byte_count_, other.byte_count_);
  return *this;
}

namespace {

// A pipe of the shell's, as `<(command)` and /dev/stdin are: somebody gave it on purpose and its other end is there. A
// pipe that lies in a folder (mkfifo) may wait for its other end for ever.
bool is_pipe_without_a_name(int descriptor, mode_t mode) {
  struct statfs status = {};
  return S_ISFIFO(mode) && ::fstatfs(descriptor, &status) == 0 && status.f_type == PIPEFS_MAGIC;
}

// The size of a regular file, 0 for a pipe without a name, from which reading then waits; refuses everything else.
size_t check_can_be_read_whole(int descriptor, const fs::path& path) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0)
    throw UserError("`{}` must be a readable file, but is not: {}", path.string(), system_reason(errno));
  if (S_ISREG(status.st_mode)) return static_cast<size_t>(std::max<off_t>(status.st_size, 0));
  if (is_pipe_without_a_name(descriptor, status.st_mode) && ::fcntl(descriptor, F_SETFL, 0) == 0) return 0;
  throw UserError("`{}` must be a regular file, but is {}; put a file in its place", path.string(),
                  kind_of(status.st_mode));
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(open_or_throw(path, O_RDONLY | O_NONBLOCK, "a readable file"));
  const size_t byte_count = check_can_be_read_whole(file.number, path);
  std::string content;
  // One byte more than the size, so that the read which fills it also shows the end.
  size_t room = byte_count > 0 ? byte_count + 1 : 1 << 16;
  for (size_t filled = 0;;) {
    content.resize(filled + room);
    const ssize_t count = repeat_after_signal([&] { return ::read(file.number, content.data() + filled, room); });
    if (count < 0) {
      throw UserError("`{}` must be a readable file, but reading failed: {}", path.string(), system_reason(errno));
    }
    filled += static_cast<size_t>(count);
    if (count == 0) {
      content.resize(filled);
      return content;
    }
    room = std::max<size_t>(content.size() - filled, 1 << 16);
  }
}

AtomicFile::AtomicFile(fs::path path) : path_(follow_links(path)) {
  const bool direct = is_device_or_pipe(path_);
  temporary_path_ = direct ? path_ : temporary_beside(path_);
  if (is_folder(path_)) throw UserError("`{}` must be a file, but is a folder; choose another name", path_.string());
  if (!direct) descriptor_ = maybe_open_unnamed(folder_of(path_));
  has_name_ = descriptor_ < 0;
  if (has_name_)
    descriptor_ = open_or_throw(temporary_path_, direct ? O_WRONLY : O_RDWR | O_CREAT | O_EXCL, "writable");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (has_name_ && temporary_path_ != path_) ::unlink(temporary_path_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  RETORT_CHECK(descriptor_ >= 0, "`{}` is written to after it was published", path_.string());
  if (gathered_.size() + bytes.size() <= kGatheredBytes) {
    gathered_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return;
  }
  flush();
  write_all(descriptor_, bytes, path_);
}

void AtomicFile::flush() {
  write_all(descriptor_, std::as_bytes(std::span(gathered_)), path_);
  gathered_.clear();
}

void AtomicFile::publish() {
  RETORT_CHECK(descriptor_ >= 0, "`{}` is published twice", path_.string());
  flush();
  const bool direct = temporary_path_ == path_;
  if (!direct) sync_descriptor(descriptor_, path_);
  if (!has_name_) {
    link_or_throw(descriptor_, temporary_path_);
    has_name_ = true;
  }
  close_checked(descriptor_, path_);
  descriptor_ = -1;
  if (direct) return;
  try {
    rename_or_throw(temporary_path_, path_);
  } catch (...) {
    ::unlink(temporary_path_.c_str());
    throw;
  }
  sync_path(folder_of(path_));
}

MappedFile AtomicFile::map() {
  RETORT_CHECK(descriptor_ >= 0 && temporary_path_ != path_, "`{}` is no file under construction", path_.string());
  flush();
  MappedFile mapped;
  mapped.map(descriptor_, path_);
  return mapped;
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.publish();
}

void write_folder_atomically(const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  // `out/` and `out` are one folder; the temporary name is made from the latter.
  const fs::path normal = path.lexically_normal();
  const fs::path target = follow_links(normal.has_filename() ? normal : normal.parent_path());
  if (std::error_code failure; fs::exists(target, failure) && !is_folder(target)) {
    throw UserError("`{}` must be a folder or not exist yet, but is a file; choose another name", target.string());
  }
  const fs::path temporary = temporary_beside(target);
  make_folder(folder_of(target));
  make_folder(temporary);
  try {
    fill(temporary);
    sync_tree(temporary);
    put_in_place(temporary, target);
  } catch (const fs::filesystem_error& failure) {
    remove_or_warn(temporary);
    throw UserError("`{}` must be writable, but: {}; check the disk or choose another folder", target.string(),
                    failure.what());
  } catch (...) {
    remove_or_warn(temporary);
    throw;
  }
  sync_path(folder_of(target));
  remove_or_warn(temporary);  // the old content, which now has this name
}

void allocate_file(const fs::path& path, int64_t byte_count) {
  const Descriptor file(open_or_throw(path, O_WRONLY | O_CREAT, "a file that can be written"));
  if (repeat_after_signal([&] { return ::fallocate(file.number, 0, 0, byte_count); }) == 0) return;
  const int allocation_error = errno;
  fs::remove(path);
  if (allocation_error == ENOSPC || allocation_error == EDQUOT)
    throw UserError("`{}` must have room for {} bytes, but has not: {}; free some space or choose another folder",
                    path.parent_path().string(), byte_count, system_reason(allocation_error));
}

}  // namespace retort
