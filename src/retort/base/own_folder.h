// Folders that this program makes and removes again: what is being built, what is on its way out. Each carries a mark
// inside, the file `.retort`, which its maker holds locked (flock) as long as it lives. Nothing is ever removed for its
// name alone: a folder without the mark is somebody else's.
#pragma once

#include <functional>

#include "retort/base/file.h"

namespace retort {

inline constexpr const char* kOwnMark = ".retort";

// Makes `<parent>/.retort-tmp.<pid>.<n>` with its mark. Throws UserError when it cannot.
fs::path make_own_folder(const fs::path& parent);

// Gives a folder of make_own_folder another name on the same file system; the mark stays locked. Throws UserError.
void rename_own_folder(const fs::path& from, const fs::path& to);

// Removes a folder that carries the mark, with everything in it, the mark last; links are removed, never followed. A
// folder without the mark stays unless it is empty. What cannot be removed is a warning in the log.
void remove_own_folder(const fs::path& folder);

// Whether it is a folder, not a link to one, that carries the mark.
bool is_own_folder(const fs::path& folder);

// Puts the mark into a folder that is to be recognized later; it is not locked. Throws UserError.
void mark_own_folder(const fs::path& folder);

// Removes the folders of make_own_folder in `parent` whose makers have died; `rescue` sees each before.
void remove_dead_own_folders(const fs::path& parent, const std::function<void(const fs::path& folder)>& rescue = {});

// The same at the first call of this process for `parent`, later ones do nothing; never throws.
void remove_dead_own_folders_once(const fs::path& parent);

}  // namespace retort
