#include "retort/checkpoint/checkpoint_list.h"

#include <algorithm>
#include <charconv>

namespace retort::checkpoint {

std::optional<int64_t> maybe_checkpoint_step(std::string_view name) {
  if (!name.starts_with(kCheckpointPrefix)) return std::nullopt;
  name.remove_prefix(kCheckpointPrefix.size());
  int64_t step = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (failure != std::errc() || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

std::vector<CheckpointFolder> list_checkpoints(const fs::path& folder) {
  std::vector<CheckpointFolder> found;
  if (!fs::exists(folder)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const auto step = maybe_checkpoint_step(entry.path().filename().string());
    if (step && entry.is_directory()) found.push_back({*step, entry.path()});
  }
  std::ranges::sort(found, {}, &CheckpointFolder::step);
  return found;
}

}  // namespace retort::checkpoint
