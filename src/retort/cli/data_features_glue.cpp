#include "retort/cli/data_features_glue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "retort/pretrained/hub_folder.h"

namespace retort::cli {
namespace {

// The number of examples of each label, by name; for a regression task the range of the targets.
Json count_answers(const data::GlueTask& task, const data::GlueFeatures& features) {
  Json counts = Json::object();
  if (task.is_regression()) {
    const auto [least, most] = std::minmax_element(features.targets().begin(), features.targets().end());
    if (least != features.targets().end()) counts = {{"least", *least}, {"most", *most}};
    return counts;
  }
  for (size_t label = 0; label < task.labels.size(); ++label)
    counts[std::string(task.labels[label])] =
        std::count(features.labels().begin(), features.labels().end(), static_cast<int32_t>(label));
  return counts;
}

Json summarize(const data::GlueSource& source, const data::GlueFeatures& features) {
  int64_t tokens = 0, longest = 0;
  for (int64_t row = 0; row < features.feature_count(); ++row) {
    tokens += features.token_count(row);
    longest = std::max(longest, features.token_count(row));
  }
  Json result = {{"task", source.task->name},
                 {"split", data::split_name(source.split)},
                 {"rows", features.feature_count()},
                 {"tokens", tokens},
                 {"longest", longest},
                 {"truncated", features.truncated_count()},
                 {"skipped", features.skipped_count()}};
  if (source.split != data::GlueSplit::kTest)
    result[source.task->is_regression() ? "targets" : "labels"] = count_answers(*source.task, features);
  return result;
}

}  // namespace

void GlueFeaturesConfig::fields(FieldList& list) {
  std::vector<std::string> names;
  for (const data::GlueTask& task : data::glue_tasks()) names.emplace_back(task.name);
  list.group("Data");
  list.add("task_name", task_name,
           {.help = fmt::format("The task: {}.", fmt::join(names, ", ")), .aliases = {"task"}, .required = true});
  list.add("data_dir", data_dir,
           {.help = "Folder with the files of the task, or with a subfolder named after the task.", .required = true});
  list.add("split", split,
           {.help = "Split to read; train_aug is augmented training data.",
            .choices = {"train", "train_aug", "dev", "test"}});
  list.add("max_examples", max_examples,
           {.help = "Number of examples to sample at random; -1 for all.",
            .unit = "rows",
            .min = -1,
            .aliases = {"max_train_examples"}});
  list.add("seed", seed, {.help = "Seed of the random sample."});
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with an invalid record: fail, or skip it and count it.", .choices = {"fail", "skip"}});
  list.group("Features");
  list.add(
      "model", model,
      {.help = "Model folder with tokenizer.json or vocab.txt, or a hub name in the local cache.", .required = true});
  features.fields(list);
  cache.fields(list);
}

Json make_glue_features(const GlueFeaturesConfig& config) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(pretrained::resolve_model_folder(config.model));
  const data::GlueSource source{.task = &data::find_glue_task(config.task_name),
                                .split = data::parse_glue_split(config.split),
                                .data_dir = config.data_dir,
                                .features = config.features,
                                .on_bad_record = data::parse_on_bad_record(config.on_bad_record),
                                .max_examples = config.max_examples,
                                .seed = static_cast<uint64_t>(config.seed),
                                .cache = config.cache,
                                .model_max_length = tokenizer.options().model_max_length};
  return summarize(source, *data::load_glue(source, tokenizer));
}

}  // namespace retort::cli
