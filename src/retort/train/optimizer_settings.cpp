#include "retort/train/optimizer_settings.h"

namespace retort::train {

optim::OptimizerOptions optimizer_options(const TrainingConfig& config) {
  optim::OptimizerOptions options;
  options.kind = optim::parse_optimizer(config.optimizer);
  if (options.kind == optim::OptimizerKind::kLamb) options.no_decay = {"bias", "LayerNorm", "layer_norm"};
  options.beta1 = config.adam_beta1, options.beta2 = config.adam_beta2, options.epsilon = config.adam_epsilon;
  options.weight_decay = config.weight_decay;
  options.correct_bias = config.correct_bias;
  if (config.max_grad_norm == 0) options.tensor_max_norm = 0;
  return options;
}

optim::Schedule make_schedule(const TrainingConfig& config, int64_t total_steps) {
  optim::Schedule schedule;
  schedule.kind = optim::parse_schedule(config.lr_scheduler_type);
  schedule.total_steps = total_steps;
  schedule.warmup_steps = config.warmup_steps > 0
                              ? static_cast<double>(config.warmup_steps)
                              : optim::warmup_steps_of(schedule.kind, config.warmup_proportion, total_steps);
  return schedule;
}

}  // namespace retort::train
