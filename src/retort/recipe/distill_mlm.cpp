#include "retort/recipe/distill_mlm.h"

#include <algorithm>

#include "retort/recipe/mlm_training.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/teacher.h"

namespace retort::recipe {

// The published trainer's defaults.
Json distill_mlm(const DistillMlmConfig& given) {
  DistillMlmConfig config = given;
  config.losses.check();
  Teacher::check_is_not_written(config.teacher, config.output);
  const int64_t batches = config.training.gradient_accumulation_steps;
  const auto to_steps = [&](int64_t interval) { return std::max<int64_t>(1, interval / batches); };
  if (config.log_interval > 0) config.training.logging_steps = to_steps(config.log_interval);
  if (config.checkpoint_interval > 0) config.training.save_steps = to_steps(config.checkpoint_interval);
  std::vector<std::string> frozen;
  if (config.freeze_pos_embs) frozen.emplace_back("position");
  if (config.freeze_token_type_embds) frozen.emplace_back("segment");
  return train_language_model({config.model, config.corpus, config.losses, config.training, config.output,
                               settings_of("distill mlm", config), &config.teacher, frozen});
}

}  // namespace retort::recipe
