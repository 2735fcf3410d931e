// The `checkpoint-N` folders of a run, by their names only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "retort/base/file.h"

namespace retort::checkpoint {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";

struct CheckpointFolder {
  int64_t step = 0;
  fs::path path;
};

// All `checkpoint-N` folders of a run's folder by increasing step, complete or not; empty when the folder is missing.
std::vector<CheckpointFolder> list_checkpoints(const fs::path& output_dir);

// N of the folder name `checkpoint-N`; empty for other names.
std::optional<int64_t> maybe_checkpoint_step(std::string_view name);

}  // namespace retort::checkpoint
