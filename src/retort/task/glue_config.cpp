#include "retort/task/glue_config.h"

#include <map>

namespace retort::task {

void GlueDataConfig::fields(FieldList& list, DataUse use) {
  list.group("Data");
  list.add("task_name", task_name,
           {.help = "cola, mnli, mnli-mm, mrpc, qnli, qqp, rte, sst-2, sts-b or wnli.", .required = true});
  list.add("data_dir", data_dir,
           {.help = "Folder with the task's files, or with a folder of the task's name.", .required = true});
  if (use == DataUse::kTraining) {
    list.add("max_train_examples", max_train_examples,
             {.help = "Use only N records, a seeded random sample.", .min = 1, .all = -1});
    list.add("aug_train", aug_train, {.help = "Train on train_aug.tsv, the output of data augmentation."});
  }
  list.add("max_eval_examples", max_eval_examples,
           {.help = "Use only N records of each dev file, a seeded random sample.", .min = 1, .all = -1});
  features.fields(list);
  add_bad_record_field(list, on_bad_record);
  cache.fields(list);
  add_eval_batch_field(list, per_device_eval_batch_size);
}

std::vector<std::string> GlueDataConfig::label_names() const {
  std::vector<std::string> names(task().labels.begin(), task().labels.end());
  if (names.empty()) names.push_back("LABEL_0");
  return names;
}

pretrained::TaskClasses GlueDataConfig::classes() const {
  // The class names on the hub's data set card (nyu-mll/glue), for tasks whose files number their classes.
  static const std::map<std::string_view, std::vector<std::string>> kWords = {
      {"cola", {"unacceptable", "acceptable"}},   {"sst-2", {"negative", "positive"}},
      {"mrpc", {"not_equivalent", "equivalent"}}, {"qqp", {"not_duplicate", "duplicate"}},
      {"wnli", {"not_entailment", "entailment"}},
  };
  const auto words = kWords.find(task().name);
  return {.names = label_names(), .words = words == kWords.end() ? std::vector<std::string>() : words->second};
}

}  // namespace retort::task
