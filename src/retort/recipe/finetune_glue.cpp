#include "retort/recipe/finetune_glue.h"

#include "retort/base/settings.h"
#include "retort/task/glue_training.h"

namespace retort::recipe {

Json finetune_glue(const FinetuneGlueConfig& config) {
  const task::GlueRun run{config.model, config.data, config.training, config.output,
                          settings_of("finetune glue", config)};
  return task::train_glue(run, [&](const task::GlueMaterial& material) {
    return std::make_unique<task::GlueUnit>(material.loaded, config.data, config.training, material.dev);
  });
}

}  // namespace retort::recipe
