// Makes more training rows for a GLUE task by replacing words (TinyBERT, Jiao et al. 2020, section 3.2, algorithm 1).
//   retort data augment glue --task_name sst-2 --data_dir DIR --model MLM --glove_embs glove.6B.300d.txt
// Reads the training file, a model folder with a masked-LM head and GloVe; writes train_aug.tsv, which
// `finetune glue --aug_train` reads. Each row is followed by its variants, those of the first text before those of the
// second.
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
             {.help = "A seeded random sample of so many rows.", .min = 1, .all = -1});
    list.add("on_bad_record", augment.on_bad_record,
             {.help = "What to do with a row or a line of GloVe that is wrong: stop, or leave it out and count it.",
              .choices = {"fail", "skip"}});
    augment.model_fields(list);
    augment.word_fields(list, "10 for mnli and qqp, 20 for sst-2 and qnli, 30 for others, as published");
    list.add("second_text_beside_last_variant", second_text_beside_last_variant,
             {.help = "As the published program does, put the variants of a pair's second text beside the last variant "
                      "of the first, not beside the first as it is."});
    augment.output_fields(list, "train_aug.tsv");
  }
};

// Passes over a text as published; `task` is a name of data/glue_tasks.h.
int64_t published_passes(std::string_view task);

// Returns counts of rows, words and candidates, and rates.
Json augment_glue(const AugmentGlueConfig& config);

}  // namespace retort::recipe
