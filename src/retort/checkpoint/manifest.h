// A checkpoint folder that can prove it is whole. Its MANIFEST.json, written last, lists every other file with its byte
// count and 64-bit XXH3 checksum; a folder is complete when the manifest exists and agrees with what lies beside it.
// Made because rename alone does not survive a power cut on every file system, nor a flipped bit on any.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "retort/base/file.h"

namespace retort::checkpoint {

inline constexpr const char* kManifestFile = "MANIFEST.json";

// Builds a checkpoint at `path`: `fill` writes the files (subfolders are allowed) into the temporary folder it is
// given, then the manifest is added, everything is synced and the folder renamed to `path`. A crash at any instant
// leaves the old `path`, the new one, or none where none was. A folder of others at `path` is a UserError, a link is
// replaced. Throws what `fill` throws, and UserError when writing
// fails; then the temporary folder is gone and an older `path` untouched. Returns the bytes written, the manifest
// included.
int64_t write_checkpoint_folder(const fs::path& path, const std::function<void(const fs::path& folder)>& fill);

// Reads every byte of the folder and compares it with the manifest. Empty when all agree, else one sentence that names
// the first file that is damaged, missing or not listed by a readable manifest. Files that the manifest does not list
// are not looked at. Does not throw for anything found on disk.
std::optional<std::string> verify_checkpoint_folder(const fs::path& path);

// As verify_checkpoint_folder, of the manifest and one file that it lists.
std::optional<std::string> verify_checkpoint_file(const fs::path& path, const std::string& name);

// Whether this program wrote the folder, damaged or not: it is no link, and its manifest or its trainer_state.json says
// so. Only such folders are ever replaced or deleted.
bool is_own_checkpoint(const fs::path& path);

// Bytes that the manifest of the folder promises for its files; 0 when it cannot be read.
int64_t manifest_byte_count(const fs::path& path);

}  // namespace retort::checkpoint
