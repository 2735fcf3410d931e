#include "retort/task/glue_config.h"

#include <map>

namespace retort::task {

void GlueDataConfig::fields(FieldList& list, bool with_training) {
  list.group("Data");
  list.add("task_name", task_name,
           {.help = "cola, mnli, mnli-mm, mrpc, qnli, qqp, rte, sst-2, sts-b or wnli.", .required = true});
  list.add("data_dir", data_dir,
           {.help = "Folder with the task's files, or with a folder of the task's name.", .required = true});
  if (with_training) {
    list.add("max_train_examples", max_train_examples,
             {.help = "A seeded random sample of so many rows.", .min = 1, .all = -1});
    list.add("aug_train", aug_train, {.help = "Train on train_aug.tsv, as data augmentation writes it."});
  }
  list.add("max_eval_examples", max_eval_examples,
           {.help = "A seeded random sample of so many rows of each dev file.", .min = 1, .all = -1});
  features.fields(list);
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with a record that is wrong: stop, or leave it out and count it.",
            .choices = {"fail", "skip"}});
  cache.fields(list);
  list.add("per_device_eval_batch_size", per_device_eval_batch_size,
           {.help = "Most sequences of a batch in evaluation; 0: as many as fit the token budget.", .min = 0});
}

std::vector<std::string> GlueDataConfig::label_names() const {
  std::vector<std::string> names(task().labels.begin(), task().labels.end());
  if (names.empty()) names.push_back("LABEL_0");
  return names;
}

pretrained::TaskClasses GlueDataConfig::classes() const {
  // What the hub's card of the data set (nyu-mll/glue) calls the classes of tasks whose files number them.
  static const std::map<std::string_view, std::vector<std::string>> kWords = {
      {"cola", {"unacceptable", "acceptable"}},   {"sst-2", {"negative", "positive"}},
      {"mrpc", {"not_equivalent", "equivalent"}}, {"qqp", {"not_duplicate", "duplicate"}},
      {"wnli", {"not_entailment", "entailment"}},
  };
  const auto words = kWords.find(task().name);
  return {.names = label_names(), .words = words == kWords.end() ? std::vector<std::string>() : words->second};
}

}  // namespace retort::task
