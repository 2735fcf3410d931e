// PyTorch files as they were before version 1.6 (`_use_new_zipfile_serialization=False`): five pickles one after the
// other (a magic number, the protocol version, facts about the machine, the object, the keys of its storages), then
// each storage as an element count of eight bytes and the elements. Format: torch/serialization.py, _legacy_save.
#pragma once

#include <span>
#include <string>

#include "retort/checkpoint/torch_archive.h"

namespace retort::checkpoint {

// Whether the bytes begin with the magic number, in a pickle of whichever protocol.
bool is_torch_sequence(std::span<const std::byte> file_bytes);

// Reads such a file. Throws UserError that names `subject` for another version, storages that nothing refers to or that
// are of another size than their tensors say, and bytes that are not there.
TorchArchive open_torch_sequence(std::span<const std::byte> file_bytes, const std::string& subject);

}  // namespace retort::checkpoint
