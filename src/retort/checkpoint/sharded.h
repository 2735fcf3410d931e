// The index of sharded weights: `model.safetensors.index.json` and `pytorch_model.bin.index.json`. The file is
// untrusted, so a shard must be a plain file name in the same folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "retort/base/file.h"

namespace retort::checkpoint {

struct ShardIndex {
  std::map<std::string, std::string> weight_map;  // tensor name → name of the shard that holds it
  std::vector<std::string> shards;                // every shard once, sorted
};

// Reads the text of an index named `subject`. Throws UserError for broken JSON, a tensor listed twice, a missing or
// empty weight_map, or a shard that is not a plain file name.
ShardIndex parse_shard_index(std::string_view text, const std::string& subject);

// Reads the index from a file; also throws when a shard file is missing, and names it.
ShardIndex read_shard_index(const fs::path& path);

}  // namespace retort::checkpoint
