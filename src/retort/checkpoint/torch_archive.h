// The entries of a PyTorch file by their role: the pickle and the storages. (Format: torch_file.h.)
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "retort/checkpoint/zip_archive.h"

namespace retort::checkpoint {

struct TorchArchive {
  std::span<const std::byte> pickle;
  std::unordered_map<std::string_view, std::span<const std::byte>> storages;  // by key
};

// Opens the archive and compares all checksums. Throws UserError for other kinds of file, each with its own remedy: the
// format before PyTorch 1.6, a Git LFS pointer, a TorchScript program, a big-endian file, a file that is no ZIP.
TorchArchive open_torch_archive(std::span<const std::byte> file_bytes, const std::string& subject);

}  // namespace retort::checkpoint
