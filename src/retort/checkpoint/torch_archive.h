// The parts of a PyTorch file by their role: the pickle and the storages. (Formats: torch_file.h.)
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// How a message about damaged content ends.
inline constexpr const char* kTorchFileRemedy = "the file is damaged: download it or save it again";

struct TorchArchive {
  PickleContent content;                                                           // of the pickle
  std::unordered_map<std::string_view, std::span<const std::byte>> storages = {};  // by key
  std::string_view storage_prefix = "data/";  // in front of a storage's key in messages
};

// Opens the archive and compares all checksums. Throws UserError for other kinds of file, each with its own remedy: the
// tar archives before PyTorch 0.1.11, a Git LFS pointer, a TorchScript program, a big-endian file, a file that is none.
TorchArchive open_torch_archive(std::span<const std::byte> file_bytes, const std::string& subject);

}  // namespace retort::checkpoint
