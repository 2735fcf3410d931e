#include "retort/base/system.h"

#include <unistd.h>

#include <array>

namespace retort {

std::optional<std::string> maybe_host_name() {
  std::array<char, 256> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0) return std::nullopt;
  return name.data();
}

std::optional<int64_t> maybe_free_bytes(const std::filesystem::path& folder) {
  std::error_code failure;
  const std::filesystem::space_info space = std::filesystem::space(folder, failure);
  if (failure) return std::nullopt;
  return static_cast<int64_t>(space.available);
}

}  // namespace retort
