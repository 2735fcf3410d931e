// The training data of a distillation: a task, GLUE or SQuAD, named by one flag.
#pragma once

#include "retort/task/glue_config.h"
#include "retort/task/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct TaskDataConfig {
  std::string task_name;
  bool aug_train = false;
  SquadDataConfig squad;  // with the fields that both kinds of tasks have, data_dir among them

  // `max_seq_length` of 0: 384 for SQuAD, 128 for GLUE.
  TaskDataConfig() { squad.features.max_seq_length = 0; }
  void fields(FieldList& list);

  bool is_squad() const;
  int64_t max_seq_length() const;
  // The same settings as the recipes of each kind take them; files of SQuAD are looked for in `data_dir` unless they
  // are named. Throws UserError when they are missing, or the task is unknown.
  SquadDataConfig squad_data() const;
  GlueDataConfig glue_data() const;
};

// The published optimizer of distillation on a task: batch 32, learning rate 5e-5, Adam without bias correction, decay
// 0.01 inside the update.
void use_task_defaults(train::TrainingConfig& training);

}  // namespace retort::task
