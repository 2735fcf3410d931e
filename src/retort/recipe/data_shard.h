// One sentence a line -> training and test shards: what `retort data instances` reads.
//   retort data shard --input sentences.txt --output_dir SHARDS --n_training_shards 256 --n_test_shards 256
// Blank lines separate articles, which stay whole. The shards get nearly equal numbers of sentences and the names
// <dataset>_training_<i>.txt and <dataset>_test_<i>.txt, each file whole or not at all; stopped at any instant, the
// same command continues. Memory holds the places of the articles, not their text.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"
#include "retort/corpus/shards.h"

namespace retort::recipe {

struct ShardConfig {
  std::string input, output_dir, dataset = "wikicorpus_en";
  corpus::ShardOptions shards;
  bool overwrite = false;
  int64_t threads = 0;

  void fields(FieldList& list);
};

// {"output_dir", "articles", "sentences", "training": {"shards", "sentences", "fewest", "most"}, "test": {...}}.
Json make_shards(const ShardConfig& config);

}  // namespace retort::recipe
