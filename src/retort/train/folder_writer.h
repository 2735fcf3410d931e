// Several processes write to one folder, which may lie on a file system of one machine, of some or of all.
#pragma once

#include <filesystem>

#include "retort/train/process_group.h"

namespace retort::train {

// Whether no lower rank sees the same folder: on each file system one rank writes. All ranks call it. Makes the folder.
// Throws UserError when it is not writable.
bool is_folder_writer(const ProcessGroup& group, const std::filesystem::path& folder);

}  // namespace retort::train
