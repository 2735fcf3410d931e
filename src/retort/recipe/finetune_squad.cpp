#include "retort/recipe/finetune_squad.h"

#include "retort/recipe/settings.h"
#include "retort/recipe/squad_training.h"

namespace retort::recipe {

Json finetune_squad(const FinetuneSquadConfig& config) {
  const SquadRun run{config.model, config.data, config.training, config.output, settings_of("finetune squad", config)};
  return train_squad(run, [&](const SquadMaterial& material) {
    return std::make_unique<SquadUnit>(material.loaded, config.data, config.training.micro_batch_tokens(),
                                       material.dev);
  });
}

}  // namespace retort::recipe
