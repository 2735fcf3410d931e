// The weights of a model folder in any supported format: one list of named tensors, memory-mapped, not copied.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/torch_file.h"
#include "retort/checkpoint/weights_convert.h"

namespace retort::checkpoint {

// Open weight files and their tensors, named as in the files (dialects.h maps the names). Views are valid while the
// object lives, also after a move. Thread-safe for reading.
class WeightFiles {
 public:
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  // Finds a tensor by its name in the file; null when there is none.
  const NamedTensor* find(std::string_view name) const;
  // The files read, shards sorted by name.
  const std::vector<fs::path>& paths() const { return paths_; }
  // The metadata of safetensors files, merged over all shards; empty for PyTorch files.
  const TensorMetadata& metadata() const { return metadata_; }

 private:
  friend WeightFiles open_weights(const fs::path& path);
  void add_file(const fs::path& path);
  void add_shards(const fs::path& index_path);
  void index_names();

  std::vector<SafetensorsFile> safetensors_;
  std::vector<TorchFile> torch_;
  std::vector<fs::path> paths_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, size_t, std::less<>> positions_;
  TensorMetadata metadata_;
};

// Opens the weights of a model folder: the first existing file of model.safetensors, model.safetensors.index.json,
// pytorch_model.bin and pytorch_model.bin.index.json. A path to such a file opens that file. Throws UserError when
// there is none (naming the candidates), when a file is damaged, and when a shard lacks a tensor that the index lists.
WeightFiles open_weights(const fs::path& path);

// Whether the folder contains one of those files.
bool has_weights(const fs::path& folder);

}  // namespace retort::checkpoint
