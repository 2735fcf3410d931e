// Makes more training rows for a GLUE task by replacing words (TinyBERT, Jiao et al. 2020, section 3.2, algorithm 1).
//   retort data augment glue --task_name sst-2 --data_dir DIR --model MLM --glove_embs glove.6B.300d.txt
// Reads the training file, a model folder with a masked-LM head and GloVe; writes train_aug.tsv, which
// `finetune glue --aug_train` reads. Each row is followed by its variants, those of the first text before those of the
// second.
#pragma once

#include "retort/recipe/augment_config.h"

namespace retort::recipe {

struct AugmentGlueConfig {
  AugmentConfig augment;
  std::string task_name, data_dir;
  int64_t max_train_examples = -1;
  bool second_text_beside_last_variant = false;

  void fields(FieldList& list);
};

// Passes over a text as published; `task` is a name of data/glue_tasks.h.
int64_t published_passes(std::string_view task);

// Returns counts of rows, words and candidates, and rates.
Json augment_glue(const AugmentGlueConfig& config);

}  // namespace retort::recipe
