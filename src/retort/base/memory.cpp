// Files: https://docs.kernel.org/admin-guide/cgroup-v2.html ("memory.current"),
// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html and proc(5).
#include "retort/base/memory.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "retort/base/control_group.h"

namespace retort {
namespace {

namespace fs = std::filesystem;

// Version 1 writes a limit of nearly 2^63 where there is none.
constexpr int64_t kNoLimit = int64_t{1} << 60;

// Empty for a missing file and for "max".
std::optional<int64_t> maybe_number_in(const fs::path& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  return failure == std::errc() && end != word.data() ? std::optional(number) : std::nullopt;
}

// The number after `name` in a file of lines "name number" or "name: number kB".
std::optional<int64_t> maybe_field(const fs::path& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name) || line.size() == name.size() || (line[name.size()] != ' ' && line[name.size()] != ':'))
      continue;
    const size_t begin = line.find_first_of("0123456789", name.size());
    if (begin == line.npos) return std::nullopt;
    int64_t number = 0;
    std::from_chars(line.data() + begin, line.data() + line.size(), number);
    return line.ends_with("kB") ? number * 1024 : number;
  }
  return std::nullopt;
}

std::optional<int64_t> least(std::optional<int64_t> a, std::optional<int64_t> b) {
  return a && b ? std::min(a, b) : a ? a : b;
}

std::optional<int64_t> maybe_free_of_machine(const fs::path& root) {
  const fs::path file = root / "proc/meminfo";
  const auto free = maybe_field(file, "MemAvailable");
  return free ? std::optional(*free + maybe_field(file, "SwapFree").value_or(0)) : std::nullopt;
}

std::optional<int64_t> maybe_free_addresses(const fs::path& root) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  const int64_t used = maybe_field(root / "proc/self/status", "VmSize").value_or(0);
  return std::max<int64_t>(0, static_cast<int64_t>(limit.rlim_cur) - used);
}

}  // namespace

// Groups without a limit are left out.
MemoryGroups::MemoryGroups(const fs::path& root) {
  for (const auto& [folder, is_version_2] : control_groups(root, "memory", {"memory"})) {
    const auto limit = maybe_number_in(folder / (is_version_2 ? "memory.max" : "memory.limit_in_bytes"));
    if (!limit || *limit <= 0 || *limit >= kNoLimit) continue;
    groups_.push_back({.usage = folder / (is_version_2 ? "memory.current" : "memory.usage_in_bytes"),
                       .statistics = folder / "memory.stat",
                       .limit = *limit,
                       .file_pages = is_version_2 ? "file" : "total_cache",
                       .shared_pages = is_version_2 ? "shmem" : "total_shmem"});
  }
}

// Pages of memory files (shmem) are counted among those of files, but cannot be taken back.
int64_t MemoryGroups::held_bytes(const Group& group) {
  const int64_t files = maybe_field(group.statistics, group.file_pages).value_or(0);
  const int64_t shared = maybe_field(group.statistics, group.shared_pages).value_or(0);
  return maybe_number_in(group.usage).value_or(0) - std::max<int64_t>(0, files - shared);
}

bool MemoryGroups::is_fuller_than(double share) const {
  return std::ranges::any_of(groups_, [&](const Group& group) {
    const double most = share * static_cast<double>(group.limit);
    return static_cast<double>(maybe_number_in(group.usage).value_or(0)) > most &&
           static_cast<double>(held_bytes(group)) > most;
  });
}

std::optional<int64_t> MemoryGroups::maybe_free_bytes() const {
  std::optional<int64_t> free;
  for (const Group& group : groups_) free = least(free, std::max<int64_t>(0, group.limit - held_bytes(group)));
  return free;
}

std::optional<int64_t> maybe_available_memory(const fs::path& root) {
  return least(least(maybe_free_of_machine(root), MemoryGroups(root).maybe_free_bytes()), maybe_free_addresses(root));
}

std::optional<int64_t> maybe_resident_memory(const fs::path& root) {
  return maybe_field(root / "proc/self/status", "VmRSS");
}
std::optional<int64_t> maybe_peak_resident_memory() { return maybe_field("/proc/self/status", "VmHWM"); }

std::string memory_text(int64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes >= 1000 * 1000 * 1000) return fmt::format("{:.1f} GB", number / 1e9);
  if (bytes >= 1000 * 1000) return fmt::format("{:.{}f} MB", number / 1e6, bytes < 10'000'000 ? 1 : 0);
  return fmt::format("{:.0f} KB", number / 1e3);
}

}  // namespace retort
