// Makes more SQuAD v1.1 paragraphs by replacing words of the contexts (TinyBERT's augmentation, as NVIDIA's
// distillation of BERT applies it to SQuAD).
//   retort data augment squad --train_file train-v1.1.json --model MLM --glove_embs glove.6B.300d.txt
// Reads the file, a model folder with a masked-LM head and GloVe; writes train-v1.1_aug.json, which `finetune squad`
// reads: every article with its paragraphs and their variants, whose answers have new offsets. Words of answers are not
// replaced. A variant in which an answer does not occur is omitted.
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
             {.help = "Use only N paragraphs, a seeded random sample.", .min = 1, .all = -1});
    list.add("on_bad_record", augment.on_bad_record,
             {.help = "What to do with an invalid question or line of GloVe: fail, or skip and count it.",
              .choices = {"fail", "skip"}});
    augment.model_fields(list);
    augment.word_fields(list, "15, as published");
    list.add("later_words_overwrite_first", later_words_overwrite_first,
             {.help = "As in the published program, keep the words after the first 400 of a context and use "
                      "their candidates for the words with the same index in the first 400."});
    list.add(
        "answers_at_first_occurrence", answers_at_first_occurrence,
        {.help =
             "As in the published program, an answer begins at the first occurrence of its text in the new context, "
             "not at its words."});
    augment.output_fields(list, "the input's name with _aug");
  }
};

// Returns counts of paragraphs, words and candidates, and rates.
Json augment_squad(const AugmentSquadConfig& config);

}  // namespace retort::recipe
