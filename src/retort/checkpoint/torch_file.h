// PyTorch's own files (`pytorch_model.bin`, `.pt`): a ZIP archive with a pickle and one entry per storage, or, before
// PyTorch 1.6, a sequence of pickles and storages (torch_sequence.h). Read without PyTorch and without executing
// anything: pickle_machine.h interprets only tensors and plain values, and every size is checked against the file.
// Format: torch/serialization.py, torch/csrc/jit/serialization.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

class TorchReader;
struct PickleValue;

// The tensors of a checkpoint: those of its dictionary, or of the dictionary under "model", "state_dict",
// "model_state_dict" or "module". The rest of the file is ignored; for the optimizer
// see torch_optimizer.h.
struct TorchContent {
  std::vector<NamedTensor> tensors;  // in the order of the dictionary; contiguous
  // Copies of tensors that are not contiguous in the file; all other tensors are views of the file.
  std::vector<std::unique_ptr<std::byte[]>> rearranged;
};

// Parses a whole file from memory; the views need `file_bytes` to stay valid. Throws UserError that names `subject`
// (the path), the problem and the remedy: no ZIP, compressed, wrong checksum, a forbidden call, inconsistent sizes.
TorchContent parse_torch_file(std::span<const std::byte> file_bytes, const std::string& subject);

// The dictionary of tensors in a file, which the reader has opened. Throws UserError when there is none.
const PickleValue& find_state_dict(const TorchReader& reader, const std::string& subject);

// A mapped PyTorch file; the tensors are valid while the object lives, also after a move.
class TorchFile {
 public:
  explicit TorchFile(const fs::path& path);
  const std::vector<NamedTensor>& tensors() const { return content_.tensors; }

 private:
  MappedFile file_;
  TorchContent content_;
};

}  // namespace retort::checkpoint
