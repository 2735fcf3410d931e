#include "retort/recipe/pretrain.h"

#include "retort/recipe/mlm_training.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

Json pretrain(const PretrainConfig& config) {
  const LanguageLossConfig losses{.alpha_ce = 0, .alpha_mlm = 1};
  return train_language_model(
      {config.model, config.corpus, losses, config.training, config.output, settings_of("pretrain", config)});
}

}  // namespace retort::recipe
