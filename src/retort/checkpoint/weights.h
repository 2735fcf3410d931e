// The weights of a model folder, whatever files hold them: one list of named tensors, mapped, nothing copied.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/torch_file.h"
#include "retort/checkpoint/weights_convert.h"

namespace retort::checkpoint {

// Open weight files and their tensors, named as in the files (see dialects.h for what the names mean). Views stay
// valid as long as the object, also after it was moved. Reading from several threads is safe.
class WeightFiles {
 public:
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  // By its name in the file; null when there is none.
  const NamedTensor* find(std::string_view name) const;
  // The files read, shards in order of name.
  const std::vector<fs::path>& paths() const { return paths_; }
  // Of safetensors files, those of all shards together; empty for PyTorch files.
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

// Opens the weights of a model folder: the first of model.safetensors, model.safetensors.index.json, pytorch_model.bin
// and pytorch_model.bin.index.json that is there. A path of one such file opens that file. Throws UserError when there
// is none (naming what was looked for), when a file is damaged, and when a shard lacks a tensor that the index lists.
WeightFiles open_weights(const fs::path& path);

// Whether the folder holds one of those files.
bool has_weights(const fs::path& folder);

}  // namespace retort::checkpoint
