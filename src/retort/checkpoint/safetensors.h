// Safetensors files: read through a memory map after a full check, written atomically. Interchangeable with the
// safetensors library; written files are byte-identical to the library's.
// Format: https://github.com/huggingface/safetensors#format
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

using TensorMetadata = std::map<std::string, std::string>;

// The content of a safetensors file. The tensors are views of the file's bytes.
struct SafetensorsContent {
  std::vector<NamedTensor> tensors;  // in the order of their bytes
  TensorMetadata metadata;
};

// Validates `file_bytes` except for the values, before it allocates memory by any number from the file, and returns
// views of it. Throws one UserError that names `subject` (the path), the tensor and the remedy.
SafetensorsContent parse_safetensors(std::span<const std::byte> file_bytes, const std::string& subject);

// A mapped safetensors file; the tensors are valid while the object lives, also after a move.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const fs::path& path);
  const std::vector<NamedTensor>& tensors() const { return content_.tensors; }
  const TensorMetadata& metadata() const { return content_.metadata; }

 private:
  MappedFile file_;
  SafetensorsContent content_;
};

// Writes the tensors to `path` atomically. Order and padding are the library's (widest element type first, then by
// name; the header padded with spaces to a multiple of 8), so equal tensors give equal files. Names must be UTF-8,
// distinct and without NUL, and bytes must match the shapes. Throws UserError when the file cannot be written.
void write_safetensors(const fs::path& path, std::span<const NamedTensor> tensors,
                       const TensorMetadata& metadata = {{"format", "pt"}});

// The bytes of one tensor, valid until the next call.
using TensorBytes = std::function<std::span<const std::byte>(const NamedTensor&)>;
// The same with bytes that are made one tensor after the other, in the order of the file; those in `tensors` only have
// the right size and are not read.
void write_safetensors(const fs::path& path, std::span<const NamedTensor> tensors, const TensorMetadata& metadata,
                       const TensorBytes& bytes_of);

}  // namespace retort::checkpoint
