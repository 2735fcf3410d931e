// Reads files whole or mapped, and writes them atomically: temporary file, fsync, atomic rename, fsync of the folder.
// After a crash at any time the path holds the old or the new content. Every function throws UserError with the path
// and the system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace retort {

namespace fs = std::filesystem;

// A file mapped read-only; the bytes live as long as the object. An empty file gives an empty span.
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

// Reads the whole file.
std::string read_file(const fs::path& path);

// Writes a file atomically. `publish` syncs the content and moves it to `path`. Before that, the file has no name if
// the file system supports O_TMPFILE, so that a killed process leaves nothing. Otherwise it is in a folder of
// make_temporary_folder beside `path`, which the next writer there removes. Without `publish`, the destructor discards
// it. The final name only ever shows complete content. Small writes are buffered, so a later `write` or `publish` may
// report a disk error. A symbolic link at `path` is replaced, its target is kept: see linked_output for paths that
// users give. A device or pipe (/dev/stdout), also through a link, is written directly. Not thread-safe. Several
// objects may write one path; the last `publish` wins.
class AtomicFile {
 public:
  explicit AtomicFile(fs::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  void publish();

  // Maps the content written so far; not for devices.
  MappedFile map();

 private:
  void flush();

  fs::path path_, temporary_path_;  // equal for a device
  bool has_name_ = true;            // whether a file exists at temporary_path_
  std::string gathered_;            // buffered by `write`, not yet passed to the system
  int descriptor_ = -1;
};

// Makes a file's content or a folder's entries durable (fsync).
void sync_path(const fs::path& path);

// Writes a whole file with AtomicFile.
void write_file_atomically(const fs::path& path, std::string_view content);

// Makes a new file and reserves `byte_count` bytes for it on the disk; its content is undefined. Does nothing on
// systems that cannot reserve space. Throws UserError when there is not enough space.
void allocate_file(const fs::path& path, int64_t byte_count);

// Returns whether the path is a regular file and no symbolic link. Does not throw.
bool is_real_file(const fs::path& path);

}  // namespace retort
