// Fine-tunes an encoder for extractive question answering on SQuAD v1.1 or v2.0.
//   retort finetune squad --model DIR --train_file train-v1.1.json --dev_file dev-v1.1.json --output_dir OUT
// Reads a model folder and SQuAD files; writes a model folder with predictions, scores, logs and checkpoints.
// Reference: BERT-base, 2 epochs, batch 32, learning rate 3e-5: F1 88.5 (Devlin et al. 2019, section 4.2).
#pragma once

#include "retort/pretrained/model_source.h"
#include "retort/task/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct FinetuneSquadConfig {
  pretrained::ModelSource model;
  task::SquadDataConfig data;
  train::TrainingConfig training;
  train::OutputConfig output;

  FinetuneSquadConfig() {
    training.num_train_epochs = 2;
    training.learning_rate = 3e-5;
    training.per_device_train_batch_size = 32;
  }
  void fields(FieldList& list) {
    model.training_fields(list);
    data.fields(list, task::DataUse::kTraining);
    training.fields(list);
    output.fields(list);
  }
};

// Returns the scores and rates in results.json.
Json finetune_squad(const FinetuneSquadConfig& config);

}  // namespace retort::recipe
