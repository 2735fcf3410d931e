// Trains a student for extractive question answering with a teacher's soft targets and the labels.
//   retort distill squad --model STUDENT --teacher TEACHER --train_file train-v1.1.json --dev_file dev-v1.1.json
//   --output_dir OUT --alpha_ce 0.5 --alpha_squad 0.5 --temperature 2
// Reads two model folders and SQuAD files (v1.1 or v2.0); writes the files of `finetune squad`. Reference: DistilBERT
// with BERT-base as teacher: F1 86.9 on SQuAD v1.1 (Sanh et al. 2019, section 3).
#pragma once

#include "retort/distill/soft_target_config.h"
#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillSquadConfig {
  pretrained::ModelSource model;  // the student
  distill::TeacherConfig teacher;
  distill::SoftTargetConfig distillation;
  task::SquadDataConfig data;
  train::TrainingConfig training;
  train::OutputConfig output;

  DistillSquadConfig() {
    training.num_train_epochs = 3;
    training.learning_rate = 5e-5;
    training.per_device_train_batch_size = 8;
  }
  void fields(FieldList& list) {
    model.training_fields(list);
    model.student.fields(list);
    teacher.fields(list, {.is_required = false});
    distillation.fields(list);
    data.fields(list, task::DataUse::kTraining);
    training.fields(list);
    output.fields(list);
  }
};

// Returns the scores and rates in results.json.
Json distill_squad(const DistillSquadConfig& config);

}  // namespace retort::recipe
