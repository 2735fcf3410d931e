// Makes more training records for a GLUE task by replacing words (TinyBERT, Jiao et al. 2020, section 3.2, algorithm
// 1).
//   retort data augment glue --task_name sst-2 --data_dir DIR --model MLM --glove_embs glove.6B.300d.txt
// Reads the training file, a model folder with a masked-LM head and GloVe; writes train_aug.tsv, which `finetune glue
// --aug_train` reads. The variants of a record follow it, those of the first text before those of the second.
#pragma once

#include "retort/augment/augment_config.h"

namespace retort::recipe {

struct AugmentGlueConfig {
  augment::AugmentConfig augment;
  std::string task_name, data_dir;
  int64_t max_train_examples = -1;
  bool second_text_beside_last_variant = false;

  void fields(FieldList& list) {
    list.group("Data");
    list.add("task_name", task_name,
             {.help = "cola, mnli, mnli-mm, mrpc, qnli, qqp, rte, sst-2, sts-b or wnli.", .required = true});
    list.add("data_dir", data_dir,
             {.help = "Folder with the task's files, or with a folder of the task's name.", .required = true});
    list.add("max_train_examples", max_train_examples,
             {.help = "Use only N records, a seeded random sample.", .min = 1, .all = -1});
    list.add("on_bad_record", augment.on_bad_record,
             {.help = "What to do with an invalid record or line of GloVe: fail, or skip and count it.",
              .choices = {"fail", "skip"}});
    augment.model_fields(list);
    augment.word_fields(list, "10 for mnli and qqp, 20 for sst-2 and qnli, 30 for others, as published");
    list.add("second_text_beside_last_variant", second_text_beside_last_variant,
             {.help = "As in the published program, combine the variants of a pair's second text with the last variant "
                      "of the first text instead of the original."});
    augment.output_fields(list, "train_aug.tsv");
  }
};

// Returns the number of passes over a text in the published program; `task` is a name of data/glue/glue_tasks.h.
int64_t published_passes(std::string_view task);

// Returns counts of records, words and candidates, and rates.
Json augment_glue(const AugmentGlueConfig& config);

}  // namespace retort::recipe
