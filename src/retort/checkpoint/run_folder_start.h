// How a run takes possession of its folder: what it refuses, what it cleans up, what it sets aside. Only the files
// run_folder*.cpp include this. A name never suffices to remove a thing: half-made folders carry the mark of
// base/marked_folder.h, checkpoints their manifest, event files stand in the list of their folder.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "retort/base/folder_lock.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::checkpoint {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";
inline constexpr std::string_view kDoneFile = "DONE";
inline constexpr std::string_view kRunConfigFile = "retort_config.json";
inline constexpr std::string_view kResultsFile = "results.json";
inline constexpr std::string_view kPreviousRun = "previous_run";
inline constexpr std::string_view kPublishing = ".retort-publishing";  // files that publish_files is moving out

// Locks the folder, made if needed. Throws UserError with the remedy when its content does not permit `options.start`.
std::unique_ptr<FolderLock> lock_checked(const RunFolderOptions& options);

// Removes what killed saves left; a checkpoint that was complete already and lacks only its name gets that.
void clean_leftovers(const fs::path& folder);

// Whether the folder's run has its DONE marker.
bool is_finished(const fs::path& folder);

// Moves the records and checkpoints of an earlier run into previous_run/. Nothing that holds a checkpoint is deleted,
// except an earlier previous run when a newer one, which has saved, takes its place. What is not of a run stays, and
// the log says so.
void set_previous_run_aside(const fs::path& folder);

// Removes previous_run/ but for what is not of a run.
void remove_previous_run(const fs::path& folder);

}  // namespace retort::checkpoint
