// Pre-trains a student on text with a masked-LM teacher, as DistilBERT (Sanh et al. 2019): soft targets over the
// vocabulary, masked words, and the cosine distance of hidden states.
//   retort distill mlm --model STUDENT --teacher TEACHER --data_file corpus.tokens --output_dir OUT
//   --alpha_ce 5 --alpha_mlm 2 --alpha_cos 1 --freeze_pos_embs
#pragma once

#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/mlm_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillMlmConfig {
  pretrained::ModelSource model;  // the student
  distill::TeacherConfig teacher;
  task::LanguageLossConfig losses;
  bool freeze_pos_embs = false, freeze_token_type_embds = false;
  task::CorpusConfig corpus;
  train::TrainingConfig training;
  int64_t log_interval = 500, checkpoint_interval = 4000;  // batches; 0: logging_steps and save_steps decide
  train::OutputConfig output;

  DistillMlmConfig() {
    training.num_train_epochs = 3;
    training.per_device_train_batch_size = 5;
    training.gradient_accumulation_steps = 50;
    training.learning_rate = 5e-4;
    training.warmup_proportion = 0.05;
    training.adam_beta2 = 0.98, training.adam_epsilon = 1e-6;
    training.max_grad_norm = 5;
    training.seed = 56;
    training.group_by_length = true;
  }
  void fields(FieldList& list) {
    model.training_fields(list);
    model.student.fields(list);
    teacher.fields(list, {.may_keep_outputs = false});
    losses.fields(list);
    list.add("freeze_pos_embs", freeze_pos_embs, {.help = "Do not train the position embeddings."});
    list.add("freeze_token_type_embds", freeze_token_type_embds, {.help = "Do not train the token-type embeddings."});
    corpus.fields(list);
    training.fields(list);
    output.fields(list);
    // The published program counts batches, not steps.
    list.add("log_interval", log_interval,
             {.help = "Log every N batches; replaces logging_steps unless that alone is given.",
              .unit = "batches",
              .min = 0});
    list.add("checkpoint_interval", checkpoint_interval,
             {.help = "Save a checkpoint every N batches; replaces save_steps unless that alone is given.",
              .unit = "batches",
              .min = 0});
  }
  // An interval that is given in steps alone is not replaced by the default in batches.
  void after_parsing(FieldList& list) {
    const auto is_set = [&](const char* name) { return list.find(name)->was_set; };
    if (is_set("logging_steps") && !is_set("log_interval")) log_interval = 0;
    if (is_set("save_steps") && !is_set("checkpoint_interval")) checkpoint_interval = 0;
  }
};

// Returns the scores and rates in results.json.
Json distill_mlm(const DistillMlmConfig& config);

}  // namespace retort::recipe
