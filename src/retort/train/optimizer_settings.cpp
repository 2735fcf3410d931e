#include "retort/train/optimizer_settings.h"

#include <algorithm>

namespace retort::train {

optim::OptimizerOptions optimizer_options(const TrainingConfig& config) {
  optim::OptimizerOptions options;
  options.kind = optim::parse_optimizer(config.optimizer);
  if (options.kind == optim::OptimizerKind::kLamb) options.no_decay = {"bias", "LayerNorm", "layer_norm"};
  options.beta1 = config.adam_beta1, options.beta2 = config.adam_beta2, options.epsilon = config.adam_epsilon;
  options.weight_decay = config.weight_decay;
  options.correct_bias = config.correct_bias;
  options.tensor_max_norm = config.max_grad_norm == 0 ? 0 : std::max(1.0, config.max_grad_norm);
  return options;
}

optim::Schedule make_schedule(const TrainingConfig& config, int64_t total_steps) {
  optim::Schedule schedule;
  schedule.kind = optim::parse_schedule(config.lr_scheduler_type);
  schedule.total_steps = total_steps;
  // BertAdam's own schedule compares the share of steps done before the update with the share of the warm-up. The
  // Hugging Face forms do the same when the warm-up is not rounded to whole steps.
  const bool is_bert_adam = optim::parse_optimizer(config.optimizer) == optim::OptimizerKind::kBertAdam;
  schedule.warmup_steps = config.warmup_steps > 0 ? static_cast<double>(config.warmup_steps)
                          : is_bert_adam          ? config.warmup_proportion * static_cast<double>(total_steps)
                                         : optim::warmup_steps_of(schedule.kind, config.warmup_proportion, total_steps);
  return schedule;
}

}  // namespace retort::train
