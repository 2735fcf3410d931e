// Files, read whole or mapped, and written so that a crash at any instant leaves either the old or the new content:
// temporary name, fsync, rename, fsync of the folder. Every function throws UserError with the path and the
// system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace retort {

namespace fs = std::filesystem;

// A file mapped read-only into memory; the bytes live as long as the object. An empty file gives an empty span.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {address_, byte_count_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(address_), byte_count_}; }

 private:
  friend class AtomicFile;
  void map(int descriptor, const fs::path& path);

  const std::byte* address_ = nullptr;
  size_t byte_count_ = 0;
};

// The whole file.
std::string read_file(const fs::path& path);

// A file under construction. Until `publish`, which syncs it and puts it in the place of `path`, it has no name where
// the file system can have such files (O_TMPFILE), so that a killed process leaves nothing; else it lies in a folder of
// make_own_folder beside `path`, which the next writer there removes. Destroyed without `publish`, it is gone. Nothing
// is ever visible under the final name but whole content. Small pieces are gathered, so an error of the disk may be
// reported by a later `write` or by `publish`. A link is replaced, what it points to stays: see linked_output for
// outputs that users name. A device or pipe (/dev/stdout), also behind a link, is written to directly.
// Not thread-safe; several objects of one path are, and the last one published stays.
class AtomicFile {
 public:
  explicit AtomicFile(fs::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  void publish();

  // What was written so far, for reading; not of a device.
  MappedFile map();

 private:
  void flush();

  fs::path path_, temporary_path_;  // equal for a device
  bool has_name_ = true;            // whether something lies at temporary_path_
  std::string gathered_;            // accepted by `write`, not yet given to the system
  int descriptor_ = -1;
};

// Makes a file's content or a folder's list of names durable.
void sync_path(const fs::path& path);

// AtomicFile in one call.
void write_file_atomically(const fs::path& path, std::string_view content);

// Makes a new file of so many bytes that take their room on the disk now, whatever is in them; where the system
// cannot do that, nothing. Throws UserError when there is no room.
void allocate_file(const fs::path& path, int64_t byte_count);

// Builds a folder inside one of make_own_folder beside `path` with `fill(it)`, syncs every file in it and
// renames it to `path`. An existing folder at `path` is replaced only after the new one is complete: the two swap their
// names in one step where the file system can (renameat2), else there is an instant with no folder under `path`.
void write_folder_atomically(const fs::path& path, const std::function<void(const fs::path&)>& fill);

// Whether the path itself is a file, not a link to one. Does not throw.
bool is_real_file(const fs::path& path);

// Makes the folder and its parents; throws when it cannot be made or is not writable.
void make_folder(const fs::path& path);

// Holds `<folder>/.lock` (flock) while alive, making the folder when it is missing. Where another process holds it, it
// waits, after a log line that names the holder's pid and host, or throws UserError that does. The system drops the
// lock of a process that dies, so no stale lock has to be removed by hand.
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

// The user's cache folder for retort: $RETORT_CACHE, else $XDG_CACHE_HOME/retort, else ~/.cache/retort, else a folder
// under the system's temporary folder when none of these can be written.
fs::path user_cache_folder();

}  // namespace retort
