#include "retort/base/control_group.h"

#include <fmt/format.h>

#include <fstream>

namespace retort {
namespace {

namespace fs = std::filesystem;

void add_with_ancestors(const fs::path& mount, const fs::path& path, bool is_version_2,
                        std::vector<ControlGroup>& groups) {
  groups.push_back({mount, is_version_2});
  for (fs::path group = path.relative_path(); !group.empty(); group = group.parent_path())
    groups.push_back({mount / group, is_version_2});
}

}  // namespace

// Lines `number:controllers:path` in proc/self/cgroup; version 2 has one line without controllers.
std::vector<ControlGroup> control_groups(const fs::path& root, std::string_view controller,
                                         const std::vector<std::string>& mounts) {
  std::vector<ControlGroup> groups;
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = fmt::format(",{},", line.substr(first + 1, second - first - 1));
    const fs::path path = line.substr(second + 1), all = root / "sys/fs/cgroup";
    if (controllers == ",,") add_with_ancestors(all, path, /*is_version_2=*/true, groups);
    if (controllers.find(fmt::format(",{},", controller)) == std::string::npos) continue;
    for (const std::string& mount : mounts) add_with_ancestors(all / mount, path, /*is_version_2=*/false, groups);
  }
  return groups;
}

}  // namespace retort
