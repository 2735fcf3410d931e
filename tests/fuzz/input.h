// Gives an input to a parser that takes a path: as a file in memory, or as a folder.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::fuzz {

// Returns whether `parse` accepts its input; catches only UserError, for which it returns false.
template <typename Parse>
bool takes(const Parse& parse) {
  try {
    parse();
    return true;
  } catch (const UserError&) {
    return false;
  }
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Reads every byte, so that a sanitizer finds a span outside its memory.
void touch(std::span<const std::byte> bytes);
inline void touch(std::string_view text) { touch(bytes_of(text)); }

// A file in memory, with a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  int descriptor_;
  fs::path path_;
};

// A folder in /dev/shm where the system has one, else on disk; the destructor removes it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }
  fs::path write(const std::string& name, std::string_view content) const;

 private:
  fs::path path_;
};

// Splits an input into several files: a line `=== NAME` begins each. Text before the first such line is ignored.
std::map<std::string, std::string_view, std::less<>> split_parts(std::string_view input);

}  // namespace retort::fuzz
