// Puts a model's files into a folder atomically as a group. All files are complete in `.retort-publishing/files` before
// the first one moves, so any process that finds this folder can finish.
#pragma once

#include <functional>

#include "retort/base/file.h"

namespace retort::checkpoint {

// Writes the files with `fill` and moves them into `folder`. Throws UserError before the first one moves when a folder
// has the name of a file. The caller holds the folder's lock.
void publish_files_atomically(const fs::path& folder, const std::function<void(const fs::path& folder)>& fill);

// Finishes an interrupted publication: moves the remaining files and removes the temporary folder. Does nothing when
// there is none. The caller holds the folder's lock.
void finish_locked_publication(const fs::path& folder);

// Finishes an interrupted publication of model files in `folder`, so that all its model files are of one version. Does
// nothing when there is none. Waits if another process is finishing it. Throws UserError when it cannot be finished.
void finish_publication(const fs::path& folder);

}  // namespace retort::checkpoint
