// Queries of the operating system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace retort {

// The host name; empty when the system does not report it.
std::optional<std::string> maybe_host_name();

// Free bytes for this user on the folder's file system; empty when the system does not report them.
std::optional<int64_t> maybe_free_bytes(const std::filesystem::path& folder);

}  // namespace retort
