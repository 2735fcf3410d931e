// Fine-tunes an encoder for one of the nine GLUE tasks.
//   retort finetune glue --task_name mrpc --data_dir DIR --model DIR --output_dir OUT
// Reads a model folder and the task's files; writes a model folder with predictions, the submission file, scores, logs
// and checkpoints. Reference: BERT-base on MRPC, 3 epochs, batch 32: accuracy 84 to 88 (Devlin et al. 2019, 4.1).
#pragma once

#include "retort/pretrained/model_source.h"
#include "retort/task/glue_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct FinetuneGlueConfig {
  pretrained::ModelSource model;
  task::GlueDataConfig data;
  train::TrainingConfig training;
  train::OutputConfig output;

  FinetuneGlueConfig() {
    training.num_train_epochs = 3;
    training.learning_rate = 2e-5;
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
Json finetune_glue(const FinetuneGlueConfig& config);

}  // namespace retort::recipe
