#include "retort/checkpoint/torch_file.h"

#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"

namespace retort::fuzz {
namespace {

void read_torch_bytes(std::string_view bytes) {
  const checkpoint::TorchContent content = checkpoint::parse_torch_file(bytes_of(bytes), "input");
  for (const checkpoint::NamedTensor& tensor : content.tensors) {
    touch(tensor.bytes);
    RETORT_CHECK(std::ssize(tensor.bytes) == tensor.element_count() * checkpoint::dtype_bytes(tensor.dtype),
                 "`{}` has {} bytes", tensor.name, tensor.bytes.size());
  }
}

}  // namespace

bool torch_file(std::string_view input) {
  const std::string repaired = with_zip_checksums(input);
  const bool is_taken = takes([&] { read_torch_bytes(input); });
  return takes([&] { read_torch_bytes(repaired); }) || is_taken;
}

}  // namespace retort::fuzz
