#include "retort/task/squad_training.h"

#include "retort/base/log.h"
#include "retort/decode/squad_files.h"
#include "retort/task/squad.h"
#include "retort/task/training_run.h"
#include "retort/train/process_group.h"
#include "retort/train/source_options.h"

namespace retort::task {

Json train_squad(const SquadRun& squad, const MakeSquadUnit& make_unit) {
  const train::TrainingConfig& training = squad.training;
  const SquadDataConfig data = squad.data.with_files();
  TrainingRun run(training, squad.output, squad.settings);
  if (const auto results = run.maybe_finished()) return *results;
  const train::ProcessGroup& group = train::process_group();
  const auto seed = static_cast<uint64_t>(training.seed);
  pretrained::LoadedModel loaded = pretrained::load_model(squad.model, {.head = model::Head::kQuestionAnswering,
                                                                        .may_start_head = true,
                                                                        .may_replace_head = true,
                                                                        .may_start_body = squad.may_start_body,
                                                                        .model = training_model_options(training),
                                                                        .seed = seed});
  if (squad.check_model) squad.check_model(loaded);
  const auto features = group.main_first([&] {
    return std::make_shared<data::SquadFeatures>(data::load_squad_training(
        squad_source(data, data.train_file, data.max_train_examples, seed, *loaded.model), *loaded.tokenizer));
  });
  std::optional<data::SquadEvaluationSet> dev;
  if (!data.dev_file.empty() && group.is_main())
    dev = data::load_squad_evaluation(squad_source(data, data.dev_file, data.max_eval_examples, seed, *loaded.model),
                                      *loaded.tokenizer);
  log_info("{} training features from `{}`", features->feature_count(), data.train_file);

  const data::SquadRowSet rows(features, true);
  data::ShuffledSource source(rows, train::source_options(training));
  run.check_continues(source);
  const std::unique_ptr<SquadUnit> unit = make_unit({loaded, rows, dev ? &*dev : nullptr});
  Json results = run.train(*unit, source);
  if (!run.has_folder()) return {};

  if (dev) {
    Json scores = run.evaluate([&] {
      const SquadEvaluation evaluation = unit->predict(*dev);
      decode::write_squad_files(run.path(), dev->data, evaluation.predictions, data.features.version_2_with_negative);
      return score_squad_evaluation(*dev, evaluation, data.features.version_2_with_negative, data.dev_file);
    });
    scores.update(results);
    results = std::move(scores);
  }
  run.finish(loaded, "question answering", results);
  return results;
}

}  // namespace retort::task
