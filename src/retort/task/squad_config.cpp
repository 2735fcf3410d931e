#include "retort/task/squad_config.h"

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::task {

void SquadDataConfig::fields(FieldList& list, bool with_training) {
  list.group("Data");
  if (with_training) {
    list.add("train_file", train_file, {.help = "Training questions: SQuAD JSON, JSON lines or Parquet."});
    list.add("data_dir", data_dir,
             {.help = "Folder with train-v1.1.json and dev-v1.1.json (v2.0 with version_2_with_negative), where "
                      "train_file and dev_file do not say otherwise."});
    list.add("max_train_examples", max_train_examples,
             {.help = "A seeded random sample of so many questions.", .min = 1, .all = -1});
  }
  list.add("dev_file", dev_file,
           {.help = "Questions to evaluate on.", .aliases = {"validation_file"}, .required = !with_training});
  list.add("max_eval_examples", max_eval_examples,
           {.help = "A seeded random sample of so many questions.", .min = 1, .all = -1});
  features.fields(list);
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with a record that is wrong: stop, or leave it out and count it.",
            .choices = {"fail", "skip"}});
  cache.fields(list);
  list.group("Decoding");
  decoding.fields(list);
  list.add("per_device_eval_batch_size", per_device_eval_batch_size,
           {.help = "Most sequences of a batch in evaluation; 0: as many as fit the token budget.", .min = 0});
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
