#include "retort/task/task_config.h"

#include <cctype>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::task {

namespace {

constexpr int64_t kShortest = 8;  // tokens

}  // namespace

void TaskDataConfig::fields(FieldList& list) {
  list.group("Data");
  list.add("task_name", task_name, {.help = "squad, or a GLUE task: cola, mnli, mrpc, ...", .required = true});
  list.add(
      "aug_train", aug_train,
      {.help = "Train on train_aug.tsv, or on what lies beside SQuAD's training file with _aug in its name, as data "
               "augmentation writes them."});
  squad.fields(list, true);
  list.find("data_dir")->spec.help =
      "GLUE: folder with the task's files. SQuAD: folder with train-v1.1.json and dev-v1.1.json (v2.0 with "
      "version_2_with_negative), where train_file and dev_file do not say otherwise.";
  list.find("max_train_examples")->spec.help = "A seeded random sample of so many questions or rows.";
  list.find("max_eval_examples")->spec.help = "A seeded random sample of so many questions, or rows of each dev file.";
  FieldSpec& length = list.find("max_seq_length")->spec;
  length.help = "Longest sequence, with its special tokens; 0: 384 for SQuAD, 128 for GLUE.";
  length.min = 0;
}

bool TaskDataConfig::is_squad() const {
  std::string name;
  for (const char c : task_name)
    name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name == "squad" || name == "squadv1.1" || name == "squad-v1.1";
}

int64_t TaskDataConfig::max_seq_length() const {
  const int64_t length = squad.features.max_seq_length;
  if (length > 0 && length < kShortest)
    throw UserError("`max_seq_length` must be at least {}, or 0, but is {}", kShortest, length);
  if (length > 0) return length;
  return is_squad() ? 384 : 128;
}

SquadDataConfig TaskDataConfig::squad_data() const {
  SquadDataConfig data = squad;
  data.features.max_seq_length = max_seq_length();
  data = data.with_files();
  const fs::path plain = data.train_file;
  if (aug_train && !plain.stem().string().ends_with("_aug"))
    data.train_file = plain.parent_path() / (plain.stem().string() + "_aug.json");
  return data;
}

GlueDataConfig TaskDataConfig::glue_data() const {
  if (squad.data_dir.empty())
    throw UserError("`--data_dir` must be given for the task `{}`, but is missing", task_name);
  for (const auto& [flag, file] : {std::pair("train_file", squad.train_file), {"dev_file", squad.dev_file}})
    if (!file.empty())
      throw UserError("`--{}` must not be given for the task `{}`, but is; `--data_dir` alone says where its files are",
                      flag, task_name);
  GlueDataConfig data;
  data.task_name = task_name, data.data_dir = squad.data_dir;
  data.features.max_seq_length = max_seq_length();
  data.cache = squad.cache;
  data.max_train_examples = squad.max_train_examples, data.max_eval_examples = squad.max_eval_examples;
  data.per_device_eval_batch_size = squad.per_device_eval_batch_size;
  data.aug_train = aug_train;
  data.on_bad_record = squad.on_bad_record;
  data.task();
  return data;
}

void use_task_defaults(train::TrainingConfig& training) {
  training.num_train_epochs = 3;
  training.learning_rate = 5e-5;
  training.per_device_train_batch_size = 32;
  training.optimizer = "bertadam";
  training.weight_decay = 0.01;
}

}  // namespace retort::task
