// The JSON header of a safetensors file: text in, one validated entry per tensor out. It is parsed as a stream of
// events, not as a tree, so that memory stays in proportion to the header, duplicate keys are found, and nesting is
// bounded. Format: https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// One tensor of the header. Offsets count bytes from the end of the header.
struct HeaderEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  int64_t begin_bytes = 0;
  int64_t end_bytes = 0;
};

struct SafetensorsHeader {
  std::vector<HeaderEntry> entries;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// Parses the header of the file `subject`, whose data section has `data_bytes` bytes. Checks JSON and UTF-8, duplicate
// names, element types, shapes, and that the tensors cover the data section without gaps or overlaps. Throws UserError
// that names the file and the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& subject);

// The header text that the safetensors library writes for these entries (in the given order), without padding.
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace retort::checkpoint
