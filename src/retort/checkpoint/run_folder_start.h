// How a run takes possession of its folder: what it refuses, what it cleans up, what it sets aside. Only run_folder.cpp
// includes this. Names decide what a thing in the folder is; whatever a killed process left half-made carries
// `.tmp.<pid>.<number>` in its name and is removed by the next holder of the lock, because nobody else writes there.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "retort/checkpoint/run_folder.h"

namespace retort::checkpoint {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";
inline constexpr std::string_view kDoneFile = "DONE";
inline constexpr std::string_view kRunConfigFile = "retort_config.json";
inline constexpr std::string_view kResultsFile = "results.json";
inline constexpr std::string_view kPreviousRun = "previous_run";
inline constexpr std::string_view kDeletedSuffix = ".deleted";   // a checkpoint on its way out
inline constexpr std::string_view kRoom = ".room";               // set aside for the final model
inline constexpr std::string_view kUnpublished = "unpublished";  // files that publish_files has not moved yet

// Locks the folder, made if needed. Throws UserError with the remedy when its content does not permit `options.start`.
std::unique_ptr<FolderLock> lock_checked(const RunFolderOptions& options);

// Removes what killed saves left; a checkpoint that was complete already and lacks only its name gets that.
void clean_leftovers(const fs::path& folder);

// Moves the records and checkpoints of an earlier run into previous_run/. Nothing that holds a checkpoint is deleted,
// except an earlier previous run when a newer one, which has saved, takes its place.
void set_previous_run_aside(const fs::path& folder);

}  // namespace retort::checkpoint
