// Pre-trains an encoder on text. With `--objective mlm`: masked words of a token file, with the embeddings tied to the
// head, so that any encoder gets a masked-LM head.
//   retort pretrain --objective mlm --model DIR --data_file corpus.tokens --eval_file held_out.tokens --output_dir OUT
#pragma once

#include "retort/recipe/mlm_config.h"
#include "retort/recipe/model_source.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct PretrainConfig {
  std::string objective = "mlm";
  ModelSource model;
  CorpusConfig corpus;
  train::TrainingConfig training;
  train::OutputConfig output;

  PretrainConfig();
  void fields(FieldList& list);
};

// Returns the scores and rates that results.json holds.
Json pretrain(const PretrainConfig& config);

}  // namespace retort::recipe
