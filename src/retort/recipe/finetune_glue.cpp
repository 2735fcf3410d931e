#include "retort/recipe/finetune_glue.h"

#include "retort/base/settings.h"
#include "retort/task/glue_training.h"
#include "retort/task/glue_unit.h"
#include "retort/train/source_options.h"

namespace retort::recipe {

Json finetune_glue(const FinetuneGlueConfig& config) {
  const train::TrainingConfig& training = config.training;
  task::TrainingRun run(training, config.output, settings_of("finetune glue", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_glue_model(config.model, config.data, training);
  const task::GlueTrainingSets sets = task::load_glue_sets(config.data, training, loaded);
  data::ShuffledSource source(sets.train, train::source_options(training));
  run.check_continues(source);

  task::GlueUnit unit(loaded, config.data, training, sets.dev);
  const Json rates = run.train(unit, source);
  return task::finish_glue_run(run, loaded, config.data, sets, training, rates);
}

}  // namespace retort::recipe
