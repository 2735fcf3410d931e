// What in an output folder is of a run of this program and what is of others. Only the files run_folder*.cpp include
// this.
#pragma once

#include "retort/base/file.h"

namespace retort::checkpoint {

// Whether the folder holds records or checkpoints of a run.
bool holds_a_run(const fs::path& folder);

// Whether the folder's DONE is that of a run.
bool has_done_marker(const fs::path& folder);

// Moves records and checkpoints of the run in `from` to `to`, the settings first: a folder without settings but with
// checkpoints is one whose setting aside was interrupted.
void move_records(const fs::path& from, const fs::path& to);

// Removes records and checkpoints of the run in `folder`, the settings last.
void remove_records(const fs::path& folder);

// Says for everything that looks like a part of a run, but is not of one, that it stays.
void report_others(const fs::path& folder);

}  // namespace retort::checkpoint
