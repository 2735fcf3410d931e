// Decides which files of an output folder belong to a run of retort and which do not. Included only by run_folder*.cpp.
#pragma once

#include "retort/base/file.h"

namespace retort::checkpoint {

// Whether the folder contains files or checkpoints of a run.
bool holds_run(const fs::path& folder);

// Whether the folder's DONE file was written by a run.
bool has_done_marker(const fs::path& folder);

// Moves the files and checkpoints of the run in `from` to `to`, the settings first: a folder with checkpoints but
// without settings is one where this was interrupted.
void move_records(const fs::path& from, const fs::path& to);

// Removes the files and checkpoints of the run in `folder`, the settings last.
void remove_records(const fs::path& folder);

// Logs every file that looks like a part of a run but does not belong to one.
void report_foreign_files(const fs::path& folder);

}  // namespace retort::checkpoint
