#include "retort/recipe/pretrain.h"

#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/task/mlm_training.h"

namespace retort::recipe {

Json pretrain(const PretrainConfig& config) {
  const train::TrainingConfig& training = config.training;
  const task::LanguageLossConfig losses{.alpha_ce = 0, .alpha_mlm = 1};
  task::check_language_settings(config.corpus, losses);
  task::TrainingRun run(training, config.output, settings_of("pretrain", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_language_model(config.model, config.corpus, training);
  const task::LanguageCorpus corpus(config.corpus, loaded);
  data::ShuffledSource source(corpus.sequences(), corpus.source_options(training, losses));
  run.check_continues(source);

  task::MlmUnit unit(loaded, /*teacher=*/nullptr, losses, corpus.held_out(), training.micro_batch_tokens());
  if (corpus.held_out().masked && !config.output.continues_a_run())
    log_info("before training: {}", unit.evaluate().dump());
  const Json rates = run.train(unit, source);
  return task::finish_language_run(run, loaded, unit, corpus.held_out(), training, rates);
}

}  // namespace retort::recipe
