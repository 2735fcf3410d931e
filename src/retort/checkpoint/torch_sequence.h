// The format of PyTorch files before version 1.6 (`_use_new_zipfile_serialization=False`): five pickles in sequence
// (a magic number, the protocol version, system information, the object, the keys of its storages), then each storage
// as an element count of eight bytes and the elements. Format: torch/serialization.py, _legacy_save.
#pragma once

#include <span>
#include <string>

#include "retort/checkpoint/torch_archive.h"

namespace retort::checkpoint {

// Whether the bytes begin with the magic number, pickled with any protocol.
bool is_torch_sequence(std::span<const std::byte> file_bytes);

// Reads such a file. Throws UserError that names `subject` for an unknown version, for storages that nothing refers to
// or whose size differs from the tensors' descriptions, and for a truncated file.
TorchArchive open_torch_sequence(std::span<const std::byte> file_bytes, const std::string& subject);

}  // namespace retort::checkpoint
