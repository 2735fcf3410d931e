// Makes more SQuAD v1.1 paragraphs by replacing words of the contexts (TinyBERT's augmentation, as NVIDIA's
// distillation of BERT applies it to SQuAD).
//   retort data augment squad --train_file train-v1.1.json --model MLM --glove_embs glove.6B.300d.txt
// Reads the file, a model folder with a masked-LM head and GloVe; writes train-v1.1_aug.json, which `finetune squad`
// reads: every article with its paragraphs, then their variants with the answers in their places. Words of answers
// stay. A variant in which an answer does not occur is left out.
#pragma once

#include "retort/recipe/augment_config.h"

namespace retort::recipe {

struct AugmentSquadConfig {
  AugmentConfig augment;
  std::string train_file, data_dir;
  int64_t max_train_paragraphs = -1;
  bool later_words_overwrite_first = false;
  bool answers_at_first_occurrence = false;

  void fields(FieldList& list);
};

// Returns counts of paragraphs, words and candidates, and rates.
Json augment_squad(const AugmentSquadConfig& config);

}  // namespace retort::recipe
