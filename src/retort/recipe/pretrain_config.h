// The flags of `retort pretrain`.
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
  bool continue_steps = false;
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

}  // namespace retort::recipe
