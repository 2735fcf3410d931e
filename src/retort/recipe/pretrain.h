// Pre-trains an encoder on text. `--objective mlm`: masked words of a token file; the head's weights are tied to the
// embeddings, so any encoder can get a masked-LM head.
//   retort pretrain --objective mlm --model DIR --data_file corpus.tokens --eval_file held_out.tokens --output_dir OUT
#pragma once

#include "retort/pretrained/model_source.h"
#include "retort/task/mlm_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct PretrainConfig {
  std::string objective = "mlm";
  pretrained::ModelSource model;
  task::CorpusConfig corpus;
  train::TrainingConfig training;
  train::OutputConfig output;

  PretrainConfig() {
    corpus.rows.max_seq_length = 128;
    training.num_train_epochs = 1;
    training.learning_rate = 1e-4;
    training.per_device_train_batch_size = 64;
    training.warmup_proportion = 0.05;
    training.weight_decay = 0.01;
    training.adam_beta2 = 0.98, training.adam_epsilon = 1e-6;
  }
  void fields(FieldList& list) {
    list.group("Objective");
    list.add("objective", objective,
             {.help = "Training objective: mlm, masked words of a token file.", .choices = {"mlm"}});
    model.training_fields(list);
    corpus.fields(list);
    training.fields(list);
    output.fields(list);
  }
};

// Returns the scores and rates in results.json.
Json pretrain(const PretrainConfig& config);

}  // namespace retort::recipe
