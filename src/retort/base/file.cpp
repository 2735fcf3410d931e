// System calls of file.h: reading, mapping and atomic replacement. Every call is repeated after a signal (EINTR), and
// every result is checked, also those of fsync and close, where a full or broken disk may show first
// (fsync(2), close(2); for the order of the steps: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).
#include "retort/base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/marked_folder.h"

namespace retort {
namespace {

constexpr size_t kGatheredBytes = 1 << 18;  // minimum bytes of one write call, except for the last one of a file

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
    throw UserError("`{}` must be written to the disk, but fsync failed: {}; its content may be lost, check the disk",
                    path.string(), system_reason(errno));
  }
}

void close_checked(int descriptor, const fs::path& path) {
  // Not repeated after a signal: Linux has already released the descriptor (close(2), NOTES).
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

// Opens a new file without a name in the folder (O_TMPFILE); -1 where that is not supported.
int maybe_open_unnamed(const fs::path& folder) {
  if (::access("/proc/self/fd", F_OK) != 0) return -1;
  return repeat_after_signal([&] { return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666); });
}

// Returns 0 or the errno of linkat(2).
int link_open_file(int descriptor, const fs::path& path) {
  const std::string open_file = fmt::format("/proc/self/fd/{}", descriptor);
  return ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

[[noreturn]] void throw_unlinked(const fs::path& path, int failure) {
  throw UserError("`{}` must be writable, but linking the file to its name failed: {}; check the folder", path.string(),
                  system_reason(failure));
}

// Replaces an existing file by an open file without a name.
void link_over(int descriptor, const fs::path& path) {
  const fs::path own = make_temporary_folder(folder_of(path)), beside = own / path.filename();
  try {
    if (const int failure = link_open_file(descriptor, beside); failure != 0) throw_unlinked(path, failure);
    rename_or_throw(beside, path);
  } catch (...) {
    remove_marked_folder(own);
    throw;
  }
  remove_marked_folder(own);
}

// Whether errno says that the folder cannot be written; other errors mean that O_TMPFILE is not supported.
bool is_refusal(int failure) {
  return failure == ENOENT || failure == EACCES || failure == EROFS || failure == ENOTDIR || failure == ENOSPC ||
         failure == EDQUOT;
}

// True when `path` leads to a device or pipe, which has no content to protect.
bool is_device_or_pipe(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

bool is_folder(const fs::path& path) {
  std::error_code failure;
  return fs::is_directory(path, failure);
}

}  // namespace

bool is_real_file(const fs::path& path) {
  std::error_code failure;
  return fs::symlink_status(path, failure).type() == fs::file_type::regular;
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(
      open_or_throw(path, O_RDONLY | O_NONBLOCK, "a readable file"));  // O_NONBLOCK: a FIFO would block
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

// Whether it is an anonymous pipe of the shell, such as `<(command)` or /dev/stdin, whose other end is open. Opening a
// named pipe (mkfifo) may block forever.
bool is_pipe_without_a_name(int descriptor, mode_t mode) {
  struct statfs status = {};
  return S_ISFIFO(mode) && ::fstatfs(descriptor, &status) == 0 && status.f_type == PIPEFS_MAGIC;
}

// The size of a regular file; 0 for an anonymous pipe, which is then read in blocking mode. Throws for everything else.
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
  // One byte more than the size, so that the read that fills it also finds the end of the file.
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

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  if (is_folder(path_)) throw UserError("`{}` must be a file, but is a folder; choose another name", path_.string());
  temporary_path_ = path_;
  if (is_device_or_pipe(path_)) {
    descriptor_ = open_or_throw(path_, O_WRONLY, "writable");
    return;
  }
  const fs::path folder = folder_of(path_);
  remove_stale_folders_once(folder);
  descriptor_ = maybe_open_unnamed(folder);
  has_name_ = descriptor_ < 0;
  if (has_name_ && is_refusal(errno)) {
    throw UserError("`{}` must be writable, but opening it failed: {}; check the path and its permissions",
                    path_.string(), system_reason(errno));
  }
  temporary_path_ = has_name_ ? make_temporary_folder(folder) / path_.filename() : fs::path();
  if (has_name_) descriptor_ = open_or_throw(temporary_path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, "writable");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (has_name_ && temporary_path_ != path_) remove_marked_folder(temporary_path_.parent_path());
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
    const int failure = link_open_file(descriptor_, path_);
    if (failure == EEXIST)
      link_over(descriptor_, path_);
    else if (failure != 0)
      throw_unlinked(path_, failure);
  }
  close_checked(std::exchange(descriptor_, -1), path_);
  if (direct) return;
  if (has_name_) {
    rename_or_throw(temporary_path_, path_);
    remove_marked_folder(temporary_path_.parent_path());
    has_name_ = false;
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

void allocate_file(const fs::path& path, int64_t byte_count) {
  const Descriptor file(open_or_throw(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, "a new file"));
  if (repeat_after_signal([&] { return ::fallocate(file.number, 0, 0, byte_count); }) == 0) return;
  const int allocation_error = errno;
  fs::remove(path);
  if (allocation_error == ENOSPC || allocation_error == EDQUOT)
    throw UserError(
        "`{}` must have {} bytes of free disk space, but has not: {}; free some space or choose another folder",
        path.parent_path().string(), byte_count, system_reason(allocation_error));
}

}  // namespace retort
