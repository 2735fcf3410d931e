// The memory that this process may use: that of the machine, of its control groups (cgroups, version 1 and 2) and of
// its own limit (ulimit -v).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace retort {

// The control groups of this process that limit memory.
class MemoryGroups {
 public:
  // `root` is the file system's root, another one in tests.
  explicit MemoryGroups(const std::filesystem::path& root = "/");

  // Whether one of them holds more than this share of what it may. Pages of files do not count, because the system
  // takes them back when it needs memory. A few microseconds for each group.
  bool is_fuller_than(double share) const;
  // The bytes that the fullest still gives; empty without a limit.
  std::optional<int64_t> maybe_free_bytes() const;

 private:
  struct Group {
    std::filesystem::path usage, statistics;
    int64_t limit = 0;
    const char *file_pages, *shared_pages;  // names in `statistics`
  };
  static int64_t held_bytes(const Group& group);

  std::vector<Group> groups_;
};

// Bytes that this process can still take: the least that the machine (with its swap space), a control group or the
// limit on address space leaves. Empty when the system tells none of them.
std::optional<int64_t> maybe_available_memory(const std::filesystem::path& root = "/");

// Bytes of memory that this process has, and the most that it ever had.
std::optional<int64_t> maybe_resident_memory(const std::filesystem::path& root = "/");
std::optional<int64_t> maybe_peak_resident_memory();

// "1.5 GB", "230 MB", "1.2 MB", "12 KB".
std::string memory_text(int64_t bytes);

}  // namespace retort
