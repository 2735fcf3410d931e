// Pre-trains a student on text with a masked-LM teacher beside it, as DistilBERT was (Sanh et al. 2019): soft targets
// over the vocabulary, masked words, and the direction of the hidden states.
//   retort distill mlm --model STUDENT --teacher TEACHER --data_file corpus.tokens --output_dir OUT
//   --alpha_ce 5 --alpha_mlm 2 --alpha_cos 1 --freeze_pos_embs
#pragma once

#include "retort/recipe/mlm_config.h"
#include "retort/recipe/model_source.h"
#include "retort/recipe/teacher_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillMlmConfig {
  ModelSource model;  // the student
  TeacherConfig teacher;
  LanguageLossConfig losses;
  bool freeze_pos_embs = false, freeze_token_type_embds = false;
  CorpusConfig corpus;
  train::TrainingConfig training;
  int64_t log_interval = 0, checkpoint_interval = 0;
  train::OutputConfig output;

  DistillMlmConfig();
  void fields(FieldList& list);
};

// Returns the scores and rates that results.json holds.
Json distill_mlm(const DistillMlmConfig& config);

}  // namespace retort::recipe
