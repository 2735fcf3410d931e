// See weights.h.
#include "retort/checkpoint/weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "retort/base/error.h"
#include "retort/checkpoint/sharded.h"
#include "retort/checkpoint/torch_sequence.h"

namespace retort::checkpoint {
namespace {

// In order of preference: formats that cannot execute code first, a single file before shards (as in transformers).
constexpr std::array kWeightFileNames = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                         "pytorch_model.bin.index.json"};

// A path that cannot be checked counts as missing.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

fs::path find_weight_file(const fs::path& folder) {
  for (const char* name : kWeightFileNames) {
    if (is_there(folder / name)) return folder / name;
  }
  throw UserError(
      "`{}` must hold the weights of a model, but has none of {}; give the folder of a downloaded or saved model",
      folder.string(), fmt::join(kWeightFileNames, ", "));
}

// Recognizes PyTorch files by their first bytes, else by their usual suffixes.
bool is_torch_file(const fs::path& path) {
  const MappedFile file(path);
  if (file.text().starts_with("PK\x03\x04") || is_torch_sequence(file.bytes())) return true;
  const std::string ending = path.extension().string();
  return ending == ".bin" || ending == ".pt" || ending == ".pth" || ending == ".ckpt";
}

}  // namespace

const NamedTensor* WeightFiles::find(std::string_view name) const {
  const auto found = positions_.find(name);
  return found == positions_.end() ? nullptr : &tensors_[found->second];
}

void WeightFiles::add_file(const fs::path& path) {
  paths_.push_back(path);
  if (is_torch_file(path)) {
    const auto& tensors = torch_.emplace_back(path).tensors();
    tensors_.insert(tensors_.end(), tensors.begin(), tensors.end());
    return;
  }
  const SafetensorsFile& file = safetensors_.emplace_back(path);
  tensors_.insert(tensors_.end(), file.tensors().begin(), file.tensors().end());
  metadata_.insert(file.metadata().begin(), file.metadata().end());
}

void WeightFiles::add_shards(const fs::path& index_path) {
  const ShardIndex index = read_shard_index(index_path);
  std::map<std::string, std::string, std::less<>> shard_of;
  for (const std::string& shard : index.shards) {
    const size_t first = tensors_.size();
    add_file(index_path.parent_path() / shard);
    for (size_t i = first; i < tensors_.size(); ++i) {
      const auto [other, is_new] = shard_of.emplace(tensors_[i].name, shard);
      if (is_new) continue;
      throw UserError("tensor `{}` must be in one shard of `{}`, but is in `{}` and in `{}`; download the model again",
                      shown_name(tensors_[i].name), index_path.string(), other->second, shard);
    }
  }
  for (const auto& [tensor, shard] : index.weight_map) {
    const auto found = shard_of.find(tensor);
    if (found != shard_of.end() && found->second == shard) continue;
    throw UserError("tensor `{}` must be in `{}`, as `{}` says, but is not; download the model again",
                    shown_name(tensor), shown_name(shard), index_path.string());
  }
}

void WeightFiles::index_names() {
  for (size_t i = 0; i < tensors_.size(); ++i) positions_.emplace(tensors_[i].name, i);
}

WeightFiles open_weights(const fs::path& path) {
  if (!is_there(path)) {
    throw UserError("`{}` must be a model folder or a weight file, but does not exist; check the path", path.string());
  }
  const fs::path file = fs::is_directory(path) ? find_weight_file(path) : path;
  WeightFiles weights;
  if (file.extension() == ".json") {
    weights.add_shards(file);
  } else {
    weights.add_file(file);
  }
  weights.index_names();
  return weights;
}

bool has_weights(const fs::path& folder) {
  return std::any_of(kWeightFileNames.begin(), kWeightFileNames.end(),
                     [&](const char* name) { return is_there(folder / name); });
}

}  // namespace retort::checkpoint
