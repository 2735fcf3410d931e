#include "retort/cli/data_features_squad.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::cli {
namespace {

Json summarize(const data::SquadFeatures& features) {
  int64_t tokens = 0, longest = 0, answered = 0;
  for (int64_t row = 0; row < features.feature_count(); ++row) {
    const data::SquadFeature feature = features.feature(row);
    tokens += feature.token_count();
    longest = std::max(longest, feature.token_count());
    answered += feature.start_position > 0;
  }
  return {{"questions", features.example_count()},
          {"features", features.feature_count()},
          {"features_with_answer", answered},
          {"tokens", tokens},
          {"longest", longest},
          {"skipped", features.skipped_count()}};
}

}  // namespace

void SquadFeaturesConfig::fields(FieldList& list) {
  list.group("Data");
  list.add("train_file", train_file,
           {.help = "SQuAD training file: JSON, JSON lines or Parquet. Features get labels."});
  list.add("dev_file", dev_file, {.help = "SQuAD evaluation file: every question is kept."});
  list.add("max_train_examples", max_train_examples,
           {.help = "Number of training questions to sample at random; -1 for all.", .unit = "questions", .min = -1});
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

Json make_squad_features(const SquadFeaturesConfig& config) {
  if (config.train_file.empty() && config.dev_file.empty())
    throw UserError("`train_file` or `dev_file` must be given, but both are missing");
  const text::Tokenizer tokenizer = text::Tokenizer::load(pretrained::resolve_model_folder(config.model));
  data::SquadSource source{.file = config.train_file,
                           .features = config.features,
                           .on_bad_record = data::parse_on_bad_record(config.on_bad_record),
                           .max_examples = config.max_train_examples,
                           .seed = static_cast<uint64_t>(config.seed),
                           .cache = config.cache,
                           .model_max_length = tokenizer.options().model_max_length};
  Json result;
  if (!config.train_file.empty()) result["train"] = summarize(data::load_squad_training(source, tokenizer));
  if (config.dev_file.empty()) return result;
  source.file = config.dev_file;
  source.max_examples = -1;
  result["dev"] = summarize(*data::load_squad_evaluation(source, tokenizer).features);
  return result;
}

}  // namespace retort::cli
