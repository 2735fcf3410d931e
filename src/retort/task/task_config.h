// The training data of a distillation: one GLUE task or SQuAD.
#pragma once

#include "retort/task/glue_config.h"
#include "retort/task/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct TaskDataConfig {
  std::string task_name, data_dir, train_file, dev_file;
  bool is_task_required = true;  // false: the command accepts other data instead
  bool aug_train = false;
  int64_t max_seq_length = 0;  // 0: 384 for SQuAD, 128 for GLUE
  int64_t max_train_examples = -1, max_eval_examples = -1;
  data::SquadFeatureOptions windows;  // of SQuAD; the common max_seq_length replaces theirs
  decode::SquadDecodeOptions decoding;
  data::CacheOptions cache;
  int64_t per_device_eval_batch_size = 0;
  std::string on_bad_record = "fail";

  void fields(FieldList& list);

  bool is_squad() const;
  // Returns the number of tokens that max_seq_length, or 0 as its default, stands for.
  int64_t sequence_length() const;
  // Returns the same settings for each kind of task; SQuAD files are searched in `data_dir` unless they are named.
  // Throws UserError when they are missing or the task is unknown.
  SquadDataConfig squad_data() const;
  GlueDataConfig glue_data() const;
};

// Sets the published optimizer of task distillation: batch 32, learning rate 5e-5, Adam without bias correction, weight
// decay 0.01 as part of the update.
void use_task_defaults(train::TrainingConfig& training);

}  // namespace retort::task
