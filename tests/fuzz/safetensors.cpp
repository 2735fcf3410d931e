#include "retort/checkpoint/safetensors.h"

#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"
#include "retort/checkpoint/dialects.h"
#include "retort/checkpoint/safetensors_header.h"

namespace retort::fuzz {
namespace {

void read_safetensors_bytes(std::string_view bytes) {
  const checkpoint::SafetensorsContent content = checkpoint::parse_safetensors(bytes_of(bytes), "input");
  std::vector<std::string> names;
  for (const checkpoint::NamedTensor& tensor : content.tensors) {
    touch(tensor.bytes);
    names.push_back(tensor.name);
  }
  checkpoint::map_names(names, "input");
}

// Checks that the header is the same after writing and reading.
void rewrite_header(std::string_view text, int64_t data_bytes) {
  const auto header = checkpoint::parse_safetensors_header(text, data_bytes, "input");
  const std::string written = checkpoint::format_safetensors_header(header);
  const auto again = checkpoint::parse_safetensors_header(written, data_bytes, "rewritten input");
  RETORT_CHECK(checkpoint::format_safetensors_header(again) == written, "the header changes: {}", written);
}

}  // namespace

bool safetensors(std::string_view input) {
  const std::string repaired = with_header_length(input);
  const bool is_taken = takes([&] { read_safetensors_bytes(input); });
  const bool is_taken_repaired = takes([&] { read_safetensors_bytes(repaired); });
  takes([&] {
    const size_t end = std::max<size_t>(input.rfind('}') + 1, 8);
    if (end <= input.size()) rewrite_header(input.substr(8, end - 8), std::ssize(input) - static_cast<int64_t>(end));
  });
  return is_taken || is_taken_repaired;
}

}  // namespace retort::fuzz
