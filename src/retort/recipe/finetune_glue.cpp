#include "retort/recipe/finetune_glue.h"

#include "retort/recipe/glue_training.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

FinetuneGlueConfig::FinetuneGlueConfig() {
  training.num_train_epochs = 3;
  training.learning_rate = 2e-5;
  training.per_device_train_batch_size = 32;
}

void FinetuneGlueConfig::fields(FieldList& list) {
  model.training_fields(list);
  data.fields(list, true);
  training.fields(list);
  output.fields(list);
}

Json finetune_glue(const FinetuneGlueConfig& config) {
  const GlueRun run{config.model, config.data, config.training, config.output, settings_of("finetune glue", config)};
  return train_glue(run, [&](const GlueMaterial& material) {
    return std::make_unique<GlueUnit>(material.loaded, config.data, config.training, material.dev);
  });
}

}  // namespace retort::recipe
