#include "retort/recipe/finetune_squad.h"

#include "retort/base/settings.h"
#include "retort/task/squad_training.h"

namespace retort::recipe {

Json finetune_squad(const FinetuneSquadConfig& config) {
  const task::SquadRun run{config.model, config.data, config.training, config.output,
                           settings_of("finetune squad", config)};
  return task::train_squad(run, [&](const task::SquadMaterial& material) {
    return std::make_unique<task::SquadUnit>(material.loaded, config.data, config.training.micro_batch_tokens(),
                                             material.dev);
  });
}

}  // namespace retort::recipe
