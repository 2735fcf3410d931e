// A checkpoint folder with checksums. Its MANIFEST.json, written last, lists every other file with its byte count and
// 64-bit XXH3 checksum. A folder is complete when the manifest exists and matches the files. Atomic rename alone is not
// enough: it does not survive a power failure on every file system, and does not detect flipped bits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "retort/base/file.h"

namespace retort::checkpoint {

inline constexpr const char* kManifestFile = "MANIFEST.json";

// Builds a checkpoint at `path`: `fill` writes the files (subfolders are allowed) into the temporary folder that it is
// given; then the manifest is added, everything is synced and the folder renamed to `path`. A crash at any time leaves
// the old folder, the new one, or none if there was none. Throws UserError when `path` is a folder that retort did not
// write; replaces a link. Throws what `fill` throws, and UserError when writing fails; then the temporary folder is
// removed and an older folder at `path` unchanged. Returns the bytes written, including the manifest.
int64_t write_checkpoint_folder(const fs::path& path, const std::function<void(const fs::path& folder)>& fill);

// Reads every byte of the folder and compares it with the manifest. Returns empty when all files match, else one
// sentence that names the first file that is damaged, missing or not listed. Ignores files that the manifest does not
// list. Does not throw for anything on disk.
std::optional<std::string> verify_checkpoint_folder(const fs::path& path);

// Checks the manifest and one of the files that it lists, like verify_checkpoint_folder.
std::optional<std::string> verify_checkpoint_file(const fs::path& path, const std::string& name);

// Whether retort wrote the folder, damaged or not: it is no link, and its manifest or its trainer_state.json says so.
// Only such folders are replaced or deleted.
bool is_own_checkpoint(const fs::path& path);

// The sum of the byte counts in the folder's manifest; 0 when it cannot be read.
int64_t manifest_byte_count(const fs::path& path);

}  // namespace retort::checkpoint
