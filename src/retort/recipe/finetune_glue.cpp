#include "retort/recipe/finetune_glue.h"

#include "retort/recipe/glue_training.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

Json finetune_glue(const FinetuneGlueConfig& config) {
  const GlueRun run{config.model, config.data, config.training, config.output, settings_of("finetune glue", config)};
  return train_glue(run, [&](const GlueMaterial& material) {
    return std::make_unique<GlueUnit>(material.loaded, config.data, config.training, material.dev);
  });
}

}  // namespace retort::recipe
