// The training data of a distillation: a task, GLUE or SQuAD, named by one flag.
#pragma once

#include "retort/task/glue_config.h"
#include "retort/task/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct TaskDataConfig {
  std::string task_name, data_dir, train_file, dev_file;
  bool is_task_required = true;  // false: the command can take other data instead
  bool aug_train = false;
  int64_t max_seq_length = 0;  // 0: 384 for SQuAD, 128 for GLUE
  int64_t max_train_examples = -1, max_eval_examples = -1;
  data::SquadFeatureOptions windows;  // of SQuAD, with max_seq_length in place of its own
  decode::SquadDecodeOptions decoding;
  data::CacheOptions cache;
  int64_t per_device_eval_batch_size = 0;
  std::string on_bad_record = "fail";

  void fields(FieldList& list);

  bool is_squad() const;
  // In tokens; what 0 stands for.
  int64_t sequence_length() const;
  // The same settings in the form of each kind of task; files of SQuAD are looked for in `data_dir` unless they are
  // named. Throws UserError when they are missing, or the task is unknown.
  SquadDataConfig squad_data() const;
  GlueDataConfig glue_data() const;
};

// The published optimizer of distillation on a task: batch 32, learning rate 5e-5, Adam without bias correction, decay
// 0.01 inside the update.
void use_task_defaults(train::TrainingConfig& training);

}  // namespace retort::task
