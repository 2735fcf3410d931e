#include "retort/recipe/finetune_squad.h"

#include "retort/base/settings.h"
#include "retort/task/squad_training.h"
#include "retort/task/squad_unit.h"
#include "retort/train/source_options.h"

namespace retort::recipe {

Json finetune_squad(const FinetuneSquadConfig& config) {
  const train::TrainingConfig& training = config.training;
  const task::SquadDataConfig data = config.data.with_files();
  task::TrainingRun run(training, config.output, settings_of("finetune squad", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_squad_model(config.model, training);
  const task::SquadTrainingSets sets = task::load_squad_sets(data, training, loaded);
  data::ShuffledSource source(sets.train, train::source_options(training));
  run.check_continues(source);

  task::SquadUnit unit(loaded, data, training.micro_batch_tokens(), sets.maybe_dev());
  const Json rates = run.train(unit, source);
  return task::finish_squad_run(run, loaded, data, sets.maybe_dev(), training, rates);
}

}  // namespace retort::recipe
