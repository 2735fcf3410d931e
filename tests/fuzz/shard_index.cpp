#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/checkpoint/sharded.h"

namespace retort::fuzz {

bool shard_index(std::string_view input) {
  return takes([&] {
    const checkpoint::ShardIndex index = checkpoint::parse_shard_index(input, "input");
    for (const std::string& shard : index.shards)
      RETORT_CHECK(shard.find('/') == shard.npos && shard != "..", "the shard `{}` leads out of the folder", shard);
  });
}

}  // namespace retort::fuzz
