// Folders that retort makes and removes again: temporary folders and folders to be deleted. Each contains the marker
// file `.retort`; the process that made the folder holds a lock on it (flock) while it lives. A folder is never removed
// because of its name only: without the marker it belongs to somebody else.
#pragma once

#include <functional>

#include "retort/base/file.h"

namespace retort {

inline constexpr const char* kMarkerFile = ".retort";

// Makes `<parent>/.retort-tmp.<pid>.<n>` with its marker file. Throws UserError on failure.
fs::path make_temporary_folder(const fs::path& parent);

// Renames a folder of make_temporary_folder on the same file system; the marker stays locked. Throws UserError.
void rename_marked_folder(const fs::path& from, const fs::path& to);

// Removes a folder with a marker file and all its contents, the marker last; removes links, never follows them. A
// folder without the marker is removed only when it is empty. Logs a warning when removing fails.
void remove_marked_folder(const fs::path& folder);

// Returns whether it is a folder (no symbolic link) with the marker file.
bool is_marked_folder(const fs::path& folder);

// Adds the marker file to a folder, so that later runs recognize it; the marker is not locked. Throws UserError.
void mark_folder(const fs::path& folder);

// Removes the folders of make_temporary_folder in `parent` whose processes have ended; calls `rescue` with each before.
void remove_stale_folders(const fs::path& parent, const std::function<void(const fs::path& folder)>& rescue = {});

// Does this once per process and `parent`; never throws.
void remove_stale_folders_once(const fs::path& parent);

}  // namespace retort
