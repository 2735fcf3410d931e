// What the operating system says about this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace retort {

// Nothing when the system does not say.
std::optional<std::string> maybe_host_name();

// Room for this user on the folder's file system, in bytes; nothing when the system does not say.
std::optional<int64_t> maybe_free_bytes(const std::filesystem::path& folder);

}  // namespace retort
