// Lock files shared by folder_lock.cpp and output_lock.cpp. The locks are flock(2) locks: they belong to the open file,
// so the system releases them however their holder ends. Internal to base.
#pragma once

#include <string>

#include "retort/base/file.h"

namespace retort {

// Opens or makes a lock file; -1 with errno on failure. Throws UserError when the path is no regular file: a link could
// lead to a file that retort must not write.
int open_lock_file(const fs::path& path);

// Whether the file is empty or names a holder. Any other file of this name is locked too, but never written.
bool is_lock_file(int descriptor);

// Whether the open file is still the one at `path`: its holder may have removed it before we locked it.
bool is_file_at(int descriptor, const fs::path& path);

// Writes pid and host of this process. Only informs others; a full disk does not weaken the lock.
void write_holder(int descriptor);

// "process 123 on host name". A holder writes right after locking, so an empty file is read again for a while.
std::string lock_holder(const fs::path& lock_path);

}  // namespace retort
