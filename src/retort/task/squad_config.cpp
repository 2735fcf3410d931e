#include "retort/task/squad_config.h"

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::task {

void SquadDataConfig::fields(FieldList& list, DataUse use) {
  list.group("Data");
  if (use == DataUse::kTraining) {
    list.add("train_file", train_file, {.help = "Training questions: SQuAD JSON, JSON lines or Parquet."});
    list.add("data_dir", data_dir,
             {.help = "Folder with train-v1.1.json and dev-v1.1.json (v2.0 with version_2_with_negative), for "
                      "missing train_file and dev_file."});
    list.add("max_train_examples", max_train_examples,
             {.help = "Use only N questions, a seeded random sample.", .min = 1, .all = -1});
  }
  list.add("dev_file", dev_file,
           {.help = "Evaluation questions.", .aliases = {"validation_file"}, .required = use == DataUse::kEvaluation});
  list.add("max_eval_examples", max_eval_examples,
           {.help = "Use only N questions, a seeded random sample.", .min = 1, .all = -1});
  features.fields(list);
  add_bad_record_field(list, on_bad_record);
  cache.fields(list);
  list.group("Decoding");
  decoding.fields(list);
  add_eval_batch_field(list, per_device_eval_batch_size);
}

SquadDataConfig SquadDataConfig::with_files() const {
  SquadDataConfig data = *this;
  if (!data_dir.empty()) {
    const fs::path train = fs::path(data_dir) / fmt::format("train-{}.json", version());
    const fs::path dev = fs::path(data_dir) / fmt::format("dev-{}.json", version());
    if (train_file.empty()) data.train_file = train;
    if (dev_file.empty() && fs::exists(dev)) data.dev_file = dev;
    for (std::string* const file : {&data.train_file, &data.dev_file})
      if (!file->empty() && fs::exists(fs::path(data_dir) / *file)) *file = fs::path(data_dir) / *file;
  }
  if (data.train_file.empty())
    throw UserError("`--train_file` or `--data_dir` must be given for squad, but both are missing");
  return data;
}

}  // namespace retort::task
