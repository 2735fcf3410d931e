// The settings of a training run, with the names that users of run_squad, run_glue and the Trainer know.
#pragma once

#include "retort/base/fields.h"
#include "retort/train/runtime_config.h"

namespace retort::train {

struct TrainingConfig : RuntimeConfig {
  double num_train_epochs = 3;
  int64_t max_steps = -1;
  int64_t per_device_train_batch_size = 8;
  int64_t gradient_accumulation_steps = 1;
  double learning_rate = 5e-5;
  std::string lr_scheduler_type = "linear";
  int64_t warmup_steps = 0;
  double warmup_proportion = 0;
  std::string optimizer = "adamw";
  double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;
  bool correct_bias = true;
  double weight_decay = 0;
  double max_grad_norm = 1;
  int64_t seed = 42;
  int64_t max_tokens_per_micro_batch = 0;
  bool checkpoint_activations = false;
  bool group_by_length = false;
  bool dataloader_drop_last = false;
  int64_t logging_steps = 50;
  int64_t save_steps = 500;
  int64_t save_total_limit = 2;
  bool evaluate_during_training = false;
  int64_t eval_steps = 0;
  bool load_best_model_at_end = false;
  int64_t steps_this_run = -1;  // pause after N steps; -1: never
  int64_t max_skipped_steps = 5;
  double loss_scale = 0, init_loss_scale = 1 << 20;  // in fp16; 0: dynamic, see loss_scale.h
  std::string event_log = "jsonl";
  bool tensorboard = true;
  bool deterministic = false;
  std::string mode = "eager";
  int64_t lazy_steps = 0;
  int64_t graph_observed = 64;  // micro-batches from which graph mode chooses its buckets; not a flag
  bool shard_optimizer_state = false;
  int64_t bucket_cap_mb = 230;
  bool allreduce_post_accumulation = false, allreduce_post_accumulation_fp16 = false;
  double process_timeout = 60;

  void fields(FieldList& list);
  // After the flags of `list` are parsed: lamb or bertadam in place of the command's own optimizer takes its published
  // betas, epsilon and decay where their flags are not given.
  void use_optimizer_defaults(FieldList& list);
  // max_tokens_per_micro_batch, or the value that its 0 means.
  int64_t micro_batch_tokens() const;

 private:
  std::string own_optimizer_ = optimizer;  // of the command, before flags are parsed
};

// Whether something with this interval in steps (0: never) is due after step `step`.
inline bool is_due(int64_t interval, int64_t step) { return interval > 0 && step % interval == 0; }

// The settings of the output folder of any run.
struct OutputConfig {
  std::string output_dir;
  bool resume = false;
  bool overwrite_output_dir = false;

  void fields(FieldList& list);
  // Whether there is a checkpoint that the run continues from.
  bool continues_a_run() const;
};

}  // namespace retort::train
