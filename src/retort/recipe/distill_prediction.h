// Trains a student to match a teacher's predictions, for a GLUE task or SQuAD; the stage after `distill backbone`.
//   retort distill prediction --task_name squad --data_dir DIR --model STUDENT --teacher TEACHER --output_dir OUT
// Reads two model folders and the task's files; writes the files of `finetune`. Reference: TinyBERT with 4 layers and
// hidden size 312 on SST-2: accuracy 92 (Jiao et al. 2020, table 1; with augmented data).
#pragma once

#include "retort/distill/state_distillation_config.h"
#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/task_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillPredictionConfig {
  pretrained::ModelSource model;  // the student
  distill::TeacherConfig teacher;
  distill::StateDistillationConfig states;
  double temperature = 1;
  task::TaskDataConfig data;
  train::TrainingConfig training;
  train::OutputConfig output;

  DistillPredictionConfig() {
    states.use_attention_scores = states.use_hidden_states = states.use_value_states = false;
    states.use_pred_states = true;
    task::use_task_defaults(training);
    training.lr_scheduler_type = "nvidia_linear";
    training.warmup_proportion = 0.1;
    training.evaluate_during_training = training.load_best_model_at_end = true;
  }
  void fields(FieldList& list) {
    model.training_fields(list);
    teacher.fields(list);
    list.add("temperature", temperature,
             {.help = "Temperature of both softmax distributions; above 0.", .min = 1e-3, .max = 1e6});
    states.fields(list);
    data.fields(list);
    training.fields(list);
    output.fields(list);
  }
};

// Returns the scores and rates in results.json.
Json distill_prediction(const DistillPredictionConfig& config);

}  // namespace retort::recipe
