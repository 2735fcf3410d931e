// Trains the body of a student on what happens inside a teacher: attention scores, hidden states, relations of values.
//   retort distill backbone --task_name squad --data_dir DIR --model STUDENT --teacher TEACHER --output_dir OUT
//   retort distill backbone --data_file corpus.tokens --model preset:bert-4l-312d --vocab_file vocab.txt ...
// Reads two model folders (the student may be preset:NAME, or a folder of configuration and vocabulary alone) and a
// token file, or a task's training files, of which it uses no label; writes a model folder without a head and, where
// the widths differ, the projection between them, which the next stage continues. Source: Jiao et al. 2020; Wang et al.
// 2020.
#pragma once

#include "retort/data/token_rows.h"
#include "retort/recipe/model_source.h"
#include "retort/recipe/state_distillation_config.h"
#include "retort/recipe/task_config.h"
#include "retort/recipe/teacher_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillBackboneConfig {
  ModelSource model;  // the student
  TeacherConfig teacher;
  StateDistillationConfig states;
  TaskDataConfig data;
  std::string data_file;  // a token file instead of a task
  data::TokenRowOptions corpus;
  train::TrainingConfig training;
  train::OutputConfig output;

  DistillBackboneConfig();
  void fields(FieldList& list);
};

// Returns the rates that results.json holds.
Json distill_backbone(const DistillBackboneConfig& config);

}  // namespace retort::recipe
