// Folders: making them, replacing them atomically, and the user's cache folder.
#pragma once

#include <functional>

#include "retort/base/file.h"

namespace retort {

// Makes the folder and its parents. Throws when it cannot be made or is not writable.
void make_folder(const fs::path& path);

// Calls `fill` with a folder of make_temporary_folder beside `path`, syncs every file in it and renames it to `path`.
// An existing folder at `path` is replaced when the new one is complete: the two are exchanged atomically where the
// file system supports it (renameat2); otherwise `path` does not exist for an instant.
void write_folder_atomically(const fs::path& path, const std::function<void(const fs::path&)>& fill);

// The user's cache folder for retort: $RETORT_CACHE, else $XDG_CACHE_HOME/retort, else ~/.cache/retort, else a folder
// in the system's temporary folder if none of these is writable.
fs::path user_cache_folder();

}  // namespace retort
