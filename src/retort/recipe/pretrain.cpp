#include "retort/recipe/pretrain.h"

#include "retort/base/settings.h"
#include "retort/task/mlm_training.h"

namespace retort::recipe {

Json pretrain(const PretrainConfig& config) {
  const task::LanguageLossConfig losses{.alpha_ce = 0, .alpha_mlm = 1};
  return task::train_language_model(
      {config.model, config.corpus, losses, config.training, config.output, settings_of("pretrain", config)});
}

}  // namespace retort::recipe
