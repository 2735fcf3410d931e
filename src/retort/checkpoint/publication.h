// A model's files put into a folder as one: they are complete in `.retort-publishing/files` before the first of them
// moves, so whoever finds that folder can move the rest. Only the files run_folder*.cpp include this.
#pragma once

#include <functional>

#include "retort/base/file.h"

namespace retort::checkpoint {

// Writes the files with `fill` and moves them into `folder`. Throws UserError before the first one moves where a folder
// is in the place of a file. To be called by the holder of the folder's lock.
void publish_as_a_whole(const fs::path& folder, const std::function<void(const fs::path& folder)>& fill);

// Moves what a cut-off publication has not moved yet and removes what is left of it; nothing where there is none. To be
// called by the holder of the folder's lock.
void move_published_files(const fs::path& folder);

}  // namespace retort::checkpoint
