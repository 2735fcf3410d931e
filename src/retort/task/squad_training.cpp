#include "retort/task/squad_training.h"

#include "retort/base/log.h"
#include "retort/decode/squad_files.h"
#include "retort/train/process_group.h"

namespace retort::task {

pretrained::LoadedModel load_squad_model(const pretrained::ModelSource& source, const train::TrainingConfig& training,
                                         bool may_initialize_encoder) {
  return pretrained::load_model(source, {.head = model::Head::kQuestionAnswering,
                                         .may_initialize_head = true,
                                         .may_replace_head = true,
                                         .may_initialize_encoder = may_initialize_encoder,
                                         .model = training_model_options(training),
                                         .seed = static_cast<uint64_t>(training.seed)});
}

SquadTrainingSets load_squad_sets(const SquadDataConfig& config, const train::TrainingConfig& training,
                                  const pretrained::LoadedModel& loaded) {
  const train::ProcessGroup& group = train::process_group();
  const auto seed = static_cast<uint64_t>(training.seed);
  const auto features = group.main_first([&] {
    return std::make_shared<data::SquadFeatures>(data::load_squad_training(
        squad_source(config, config.train_file, config.max_train_examples, seed, *loaded.model), *loaded.tokenizer));
  });
  SquadTrainingSets sets{.train = data::SquadRowSet(features, data::SquadRowSet::Labels::kPositions)};
  if (!config.dev_file.empty())
    sets.dev = group.main_first([&] {
      return data::load_squad_evaluation(
          squad_source(config, config.dev_file, config.max_eval_examples, seed, *loaded.model), *loaded.tokenizer);
    });
  log_info("{} training features from `{}`", features->feature_count(), config.train_file);
  return sets;
}

Json finish_squad_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                      const data::SquadEvaluationSet* dev, const train::TrainingConfig& training, const Json& rates) {
  Json results = Json::object();
  if (dev != nullptr)
    results = run.evaluate([&] {
      const bool is_v2 = config.features.version_2_with_negative;
      const SquadEvaluation evaluation = predict_dev(loaded, config, *dev, training.micro_batch_tokens());
      if (!run.has_folder()) return Json::object();
      decode::write_squad_files(run.path(), dev->data, evaluation.predictions, is_v2);
      return score_squad_evaluation(*dev, evaluation, is_v2, config.dev_file);
    });
  if (!run.has_folder()) return {};
  results.update(rates);
  run.finish(loaded, "question answering", results);
  return results;
}

}  // namespace retort::task
