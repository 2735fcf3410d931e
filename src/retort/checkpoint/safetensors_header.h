// The JSON header of a safetensors file: text in, one checked entry per tensor out. Read as a stream of events, never
// as a tree, so that memory stays in proportion to the header, duplicate keys are seen, and nesting is bounded.
// Format: https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// One tensor's line of the header. Offsets count bytes from the end of the header.
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

// Parses the header of file `subject`, whose data part holds `data_bytes` bytes, and checks everything: JSON and UTF-8,
// duplicate names, element types, shapes, and that the tensors cover the data part exactly, without hole or overlap.
// Throws UserError that names the file and the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& subject);

// The header text that the safetensors library writes for these entries (in the given order), without padding.
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace retort::checkpoint
