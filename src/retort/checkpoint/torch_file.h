// PyTorch's own files (`pytorch_model.bin`, `.pt`): a ZIP archive with a pickle and one entry per storage, or, before
// PyTorch 1.6, pickles and storages one after the other (torch_sequence.h). Read without PyTorch and without running
// anything: the pickle is interpreted by a small machine that knows tensors and plain values only (pickle_machine.h),
// and every size is checked against the file.
// Format: torch/serialization.py, torch/csrc/jit/serialization.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// The tensors of a checkpoint: of the dictionary itself, or of the one under "model", "state_dict",
// "model_state_dict" or "module"; the rest of the file (optimizer, step counts) is left out.
struct TorchContent {
  std::vector<NamedTensor> tensors;  // in the order of the dictionary; contiguous
  // Bytes of tensors whose elements did not lie in row-major order in the file; the others are views of the file.
  std::vector<std::unique_ptr<std::byte[]>> rearranged;
};

// Reads a whole file given as bytes; the views need `file_bytes` to stay. Throws UserError that names `subject` (the
// path), what is wrong and the remedy: not a ZIP, compressed, wrong checksum, a forbidden call, sizes that lie.
TorchContent parse_torch_file(std::span<const std::byte> file_bytes, const std::string& subject);

// Such a file kept mapped; the tensors live as long as the object, also after it was moved.
class TorchFile {
 public:
  explicit TorchFile(const fs::path& path);
  const std::vector<NamedTensor>& tensors() const { return content_.tensors; }

 private:
  MappedFile file_;
  TorchContent content_;
};

}  // namespace retort::checkpoint
