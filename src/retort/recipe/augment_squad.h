// Makes more SQuAD v1.1 paragraphs by replacing words of the contexts (TinyBERT's augmentation, as NVIDIA's
// distillation of BERT applies it to SQuAD).
//   retort data augment squad --train_file train-v1.1.json --model MLM --glove_embs glove.6B.300d.txt
// Reads the file, a model folder with a masked-LM head and GloVe; writes train-v1.1_aug.json, which `finetune squad`
// reads: every article with its paragraphs, then their variants with the answers in their places. Words of answers
// stay. A variant in which an answer does not occur is left out.
#pragma once

#include "retort/augment/augment_config.h"

namespace retort::recipe {

struct AugmentSquadConfig {
  augment::AugmentConfig augment;
  std::string train_file, data_dir;
  int64_t max_train_paragraphs = -1;
  bool later_words_overwrite_first = false;
  bool answers_at_first_occurrence = false;

  void fields(FieldList& list) {
    list.group("Data");
    list.add("train_file", train_file, {.help = "SQuAD v1.1 in its official JSON form."});
    list.add("data_dir", data_dir, {.help = "Instead: a folder with train-v1.1.json."});
    list.add("max_train_paragraphs", max_train_paragraphs,
             {.help = "A seeded random sample of so many paragraphs.", .min = 1, .all = -1});
    list.add(
        "on_bad_record", augment.on_bad_record,
        {.help = "What to do with a question or a line of GloVe that is wrong: stop, or leave it out and count it.",
         .choices = {"fail", "skip"}});
    augment.model_fields(list);
    augment.word_fields(list, "15, as published");
    list.add(
        "later_words_overwrite_first", later_words_overwrite_first,
        {.help = "As the published program does, leave words behind the first 400 of a context as they are and give "
                 "their candidates to the words with the same place in the first 400."});
    list.add(
        "answers_at_first_occurrence", answers_at_first_occurrence,
        {.help = "As the published program does, let an answer begin where its text occurs first in the new context, "
                 "not at the words that it had."});
    augment.output_fields(list, "the input's name with _aug");
  }
};

// Returns counts of paragraphs, words and candidates, and rates.
Json augment_squad(const AugmentSquadConfig& config);

}  // namespace retort::recipe
