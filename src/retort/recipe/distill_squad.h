// Trains a student for extractive question answering with a teacher's soft targets beside the labels.
//   retort distill squad --model STUDENT --teacher TEACHER --train_file train-v1.1.json --dev_file dev-v1.1.json
//   --output_dir OUT --alpha_ce 0.5 --alpha_squad 0.5 --temperature 2
// Reads two model folders and SQuAD files (v1.1 or v2.0); writes what `finetune squad` writes.
// Reference: DistilBERT with BERT-base as teacher: F1 86.9 on SQuAD v1.1 (Sanh et al. 2019, section 3).
#pragma once

#include "retort/recipe/model_source.h"
#include "retort/recipe/squad_config.h"
#include "retort/recipe/teacher_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct SoftTargetConfig {
  double alpha_ce = 0.5, alpha_squad = 0.5;
  double temperature = 2;

  void fields(FieldList& list);
  bool needs_teacher() const { return alpha_ce > 0; }
  // Throws UserError when the weights leave nothing to learn.
  void check() const;
};

struct DistillSquadConfig {
  ModelSource model;  // the student
  TeacherConfig teacher;
  SoftTargetConfig distillation;
  SquadDataConfig data;
  train::TrainingConfig training;
  train::OutputConfig output;

  DistillSquadConfig();
  void fields(FieldList& list);
};

// Returns the scores and rates that results.json holds.
Json distill_squad(const DistillSquadConfig& config);

}  // namespace retort::recipe
