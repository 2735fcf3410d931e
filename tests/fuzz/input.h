// How an input reaches a parser that takes a path: as a file in memory, or as a folder.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::fuzz {

// Whether `parse` takes its input: false for a UserError, and nothing else is caught.
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

// Reads every byte, so that a span that leads elsewhere is noticed.
void touch(std::span<const std::byte> bytes);
inline void touch(std::string_view text) { touch(bytes_of(text)); }

// A file in memory, with a path like any other's.
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

// A folder in memory where the system has one, else on disk; it goes with the object.
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

// An input that stands for several files: a line `=== NAME` begins each. What stands before the first is left out.
std::map<std::string, std::string_view, std::less<>> split_parts(std::string_view input);

}  // namespace retort::fuzz
