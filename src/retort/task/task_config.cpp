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
  list.add("task_name", task_name,
           {.help = "squad, or a GLUE task: cola, mnli, mrpc, ...", .required = is_task_required});
  list.add(
      "aug_train", aug_train,
      {.help = "Train on train_aug.tsv, or for SQuAD on the training file with _aug in its name, the output of data "
               "augmentation."});
  list.add("train_file", train_file, {.help = "Training questions: SQuAD JSON, JSON lines or Parquet."});
  list.add(
      "data_dir", data_dir,
      {.help = "GLUE: folder with the task's files. SQuAD: folder with train-v1.1.json and dev-v1.1.json (v2.0 with "
               "version_2_with_negative), for missing train_file and dev_file."});
  list.add("max_train_examples", max_train_examples,
           {.help = "Use only N questions or records, a seeded random sample.", .min = 1, .all = -1});
  list.add("dev_file", dev_file, {.help = "Evaluation questions.", .aliases = {"validation_file"}});
  list.add("max_eval_examples", max_eval_examples,
           {.help = "Use only N questions, or records of each dev file, a seeded random sample.", .min = 1, .all = -1});
  list.add("max_seq_length", max_seq_length,
           {.help = "Maximum tokens per sequence, with special tokens; 0: 384 for SQuAD, 128 for GLUE.",
            .unit = "tokens",
            .min = 0});
  windows.window_fields(list);
  add_bad_record_field(list, on_bad_record);
  cache.fields(list);
  list.group("Decoding");
  decoding.fields(list);
  add_eval_batch_field(list, per_device_eval_batch_size);
}

bool TaskDataConfig::is_squad() const {
  std::string name;
  for (const char c : task_name)
    name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name == "squad" || name == "squadv1.1" || name == "squad-v1.1";
}

int64_t TaskDataConfig::sequence_length() const {
  if (max_seq_length > 0 && max_seq_length < kShortest)
    throw UserError("`max_seq_length` must be at least {}, or 0, but is {}", kShortest, max_seq_length);
  if (max_seq_length > 0) return max_seq_length;
  return is_squad() ? 384 : 128;
}

SquadDataConfig TaskDataConfig::squad_data() const {
  SquadDataConfig data;
  data.train_file = train_file, data.dev_file = dev_file, data.data_dir = data_dir;
  data.features = windows;
  data.features.max_seq_length = sequence_length();
  data.decoding = decoding;
  data.cache = cache;
  data.max_train_examples = max_train_examples, data.max_eval_examples = max_eval_examples;
  data.per_device_eval_batch_size = per_device_eval_batch_size;
  data.on_bad_record = on_bad_record;
  data = data.with_files();
  const fs::path plain = data.train_file;
  if (aug_train && !plain.stem().string().ends_with("_aug"))
    data.train_file = plain.parent_path() / (plain.stem().string() + "_aug.json");
  return data;
}

GlueDataConfig TaskDataConfig::glue_data() const {
  if (data_dir.empty()) throw UserError("`--data_dir` must be given for the task `{}`, but is missing", task_name);
  for (const auto& [flag, file] : {std::pair("train_file", train_file), {"dev_file", dev_file}})
    if (!file.empty())
      throw UserError("`--{}` must not be given for the task `{}`, but is; `--data_dir` names its files", flag,
                      task_name);
  GlueDataConfig data;
  data.task_name = task_name, data.data_dir = data_dir;
  data.features.max_seq_length = sequence_length();
  data.cache = cache;
  data.max_train_examples = max_train_examples, data.max_eval_examples = max_eval_examples;
  data.per_device_eval_batch_size = per_device_eval_batch_size;
  data.aug_train = aug_train;
  data.on_bad_record = on_bad_record;
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
