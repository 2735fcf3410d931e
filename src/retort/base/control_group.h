// The control groups (cgroups, version 1 and 2) that a process belongs to, through which a container limits it:
// https://docs.kernel.org/admin-guide/cgroup-v2.html.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace retort {

struct ControlGroup {
  std::filesystem::path folder;  // of its files
  bool is_version_2 = false;
};

// The groups of this process that `controller` ("cpu", "memory") counts in, and their ancestors. `mounts` are the names
// that its mount has in version 1. Inside a container the path of a group may be the host's and not exist here; the
// root of the mount, which is among the groups, is then the container's own. `root` is the file system's root, another
// one in tests.
std::vector<ControlGroup> control_groups(const std::filesystem::path& root, std::string_view controller,
                                         const std::vector<std::string>& mounts);

}  // namespace retort
