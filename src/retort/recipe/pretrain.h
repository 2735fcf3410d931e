// Pre-trains an encoder on text.
//   retort pretrain --objective mlm --model DIR --data_file corpus.tokens --eval_file held_out.tokens --output_dir OUT
//   retort pretrain --objective mlm_nsp --model preset:bert-base-uncased --vocab_file vocab.txt --data_dir SHARDS
//   --output_dir OUT --phase 1
// With `mlm`: masked tokens of a token file, with the embeddings tied to the head, so that any encoder gets a masked-LM
// head. With `mlm_nsp`: masked tokens and the next-sentence label of pairs of sentences, as BERT was pre-trained
// (Devlin et al. 2019, 3.1), in one or two phases; leaves a folder that BertForPreTraining loads.
// Reference: BERT-large, LAMB, 7,038 steps of 65,536 x 128 and 1,563 of 32,768 x 512 tokens: SQuAD F1 91 (NVIDIA).
#pragma once

#include "retort/pretrained/model_source.h"
#include "retort/task/mlm_config.h"
#include "retort/task/pretraining_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

// What the second phase has of its own; -1: as published for phase 2.
struct SecondPhaseConfig {
  std::string data_dir;  // empty: there is only one phase
  int64_t max_seq_length = -1, max_predictions_per_seq = -1;
  double learning_rate = -1, warmup_proportion = -1;
  int64_t max_steps = -1, per_device_train_batch_size = -1, gradient_accumulation_steps = -1, save_steps = -1;

  void fields(FieldList& list);
};

struct PretrainConfig {
  std::string objective = "mlm";
  int64_t phase = 0;
  std::string init_checkpoint;
  bool dense_sequence_output = true;
  pretrained::ModelSource model;
  task::CorpusConfig corpus;
  task::PretrainingDataConfig pairs;
  SecondPhaseConfig second;
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
  void fields(FieldList& list);
  // Gives the fields that were not set the published values of the phase, where one is named.
  void after_parsing(FieldList& list);
};

// Returns the scores and rates that results.json holds; with two phases {"phase1": ..., "phase2": ...}.
Json pretrain(const PretrainConfig& config);

}  // namespace retort::recipe
