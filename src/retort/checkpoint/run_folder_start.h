// How a run opens its folder: what it refuses, what it cleans up, what it moves to previous_run/. Included only by
// run_folder*.cpp. Nothing is removed only because of its name: temporary folders have the marker file of
// base/marked_folder.h, checkpoints their manifest, and event files are listed in their folder.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "retort/base/folder_lock.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::checkpoint {

inline constexpr std::string_view kDoneFile = "DONE";
inline constexpr std::string_view kRunConfigFile = "retort_config.json";
inline constexpr std::string_view kResultsFile = "results.json";
inline constexpr std::string_view kPreviousRun = "previous_run";

// Makes the folder if needed and locks it. Throws UserError with the remedy when `options.start` does not permit its
// content.
std::unique_ptr<FolderLock> lock_checked(const RunFolderOptions& options);

// Removes leftovers of killed saves; a complete checkpoint that was only not renamed yet gets its name.
void clean_leftovers(const fs::path& folder);

// Whether the folder's run has its DONE marker.
bool is_finished(const fs::path& folder);

// Moves the files and checkpoints of an earlier run into previous_run/. Nothing that contains a checkpoint is deleted,
// except an earlier previous run when a newer run that has saved takes its place. Files that do not belong to a run
// stay, and the log says so.
void set_previous_run_aside(const fs::path& folder);

// Removes previous_run/ except for files that do not belong to a run.
void remove_previous_run(const fs::path& folder);

}  // namespace retort::checkpoint
