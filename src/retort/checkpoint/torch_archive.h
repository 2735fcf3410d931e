// The content of a PyTorch file: the pickle and the storages. (Formats: torch_file.h.)
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// The remedy in messages about damaged content.
inline constexpr const char* kTorchFileRemedy = "the file is damaged: download it or save it again";

struct TorchArchive {
  PickleContent content;                                                           // of the pickle
  std::unordered_map<std::string_view, std::span<const std::byte>> storages = {};  // by key
  std::string_view storage_prefix = "data/";  // precedes a storage's key in messages
};

// Opens the archive and compares all checksums. Throws UserError with a specific remedy for other kinds of files: tar
// archives from before PyTorch 0.1.11, Git LFS pointers, TorchScript programs, big-endian files, unknown files.
TorchArchive open_torch_archive(std::span<const std::byte> file_bytes, const std::string& subject);

}  // namespace retort::checkpoint
