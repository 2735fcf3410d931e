// See torch_file.h.
#include "retort/checkpoint/torch_file.h"

#include <array>

#include "retort/base/error.h"
#include "retort/checkpoint/torch_reader.h"

namespace retort::checkpoint {
namespace {

// Keys under which training programs store the model (NVIDIA and DeepSpeed, Lightning, others).
constexpr std::array<std::string_view, 4> kWrapperKeys = {"model", "state_dict", "model_state_dict", "module"};
constexpr int kMaxWrappers = 4;

bool has_tensors(const TorchReader& reader, const PickleValue& dict) {
  for (size_t i = 1; i < dict.items.size(); i += 2) {
    if (reader.value(dict.items[i]).kind == PickleKind::kTensor) return true;
  }
  return false;
}

// The dictionary under the first wrapper key that has one; null when there is none.
const PickleValue* maybe_unwrapped(const TorchReader& reader, const PickleValue& dict) {
  for (const std::string_view key : kWrapperKeys) {
    const PickleValue* inner = reader.maybe_item(dict, key);
    if (inner != nullptr && inner->kind == PickleKind::kDict) return inner;
  }
  return nullptr;
}

}  // namespace

const PickleValue& find_state_dict(const TorchReader& reader, const std::string& subject) {
  const PickleValue* dict = &reader.root();
  for (int depth = 0; depth < kMaxWrappers && dict->kind == PickleKind::kDict; ++depth) {
    const PickleValue* inner = maybe_unwrapped(reader, *dict);
    if (inner == nullptr) break;
    dict = inner;
  }
  if (dict->kind == PickleKind::kDict && has_tensors(reader, *dict)) return *dict;
  throw UserError(
      "`{}` must hold a dictionary of tensors, directly or under \"model\", \"state_dict\", "
      "\"model_state_dict\" or \"module\", but holds none; save the model's state_dict",
      subject);
}

TorchContent parse_torch_file(std::span<const std::byte> file_bytes, const std::string& subject) {
  TorchReader reader(file_bytes, subject);
  TorchContent content{.tensors = reader.read_tensors(find_state_dict(reader, subject)), .rearranged = {}};
  content.rearranged = reader.take_rearranged();
  return content;
}

TorchFile::TorchFile(const fs::path& path) : file_(path), content_(parse_torch_file(file_.bytes(), path.string())) {}

}  // namespace retort::checkpoint
