#include "retort/train/training_config.h"

#include <algorithm>

#include "retort/base/thread.h"
#include "retort/checkpoint/run_folder.h"
#include "retort/optim/optimizer_kind.h"
#include "retort/optim/schedule.h"

namespace retort::train {

void TrainingConfig::fields(FieldList& list) {
  own_optimizer_ = optimizer;
  list.group("Training");
  list.add("num_train_epochs", num_train_epochs,
           {.help = "Passes over the training data; fractions are allowed.", .min = 0});
  list.add("max_steps", max_steps,
           {.help = "Optimizer steps; a positive number overrides the epochs.", .unit = "steps", .min = -1});
  list.add("per_device_train_batch_size", per_device_train_batch_size,
           {.help = "Sequences of a batch; a step holds this times gradient_accumulation_steps times the number of "
                    "processes.",
            .unit = "sequences",
            .min = 1,
            .max = 1 << 20});
  list.add("gradient_accumulation_steps", gradient_accumulation_steps,
           {.help = "Batches of one optimizer step.", .min = 1, .max = 1 << 20});
  list.add("learning_rate", learning_rate, {.help = "Highest learning rate.", .min = 0});
  list.add("lr_scheduler_type", lr_scheduler_type,
           {.help = "How the learning rate changes over the steps.", .choices = optim::schedule_names()});
  list.add("warmup_steps", warmup_steps,
           {.help = "Steps over which the learning rate rises from 0.", .unit = "steps", .min = 0});
  list.add("warmup_proportion", warmup_proportion,
           {.help = "The same as a share of all steps; used when warmup_steps is 0.",
            .min = 0,
            .max = 1,
            .aliases = {"warmup_ratio"}});
  list.add(
      "optimizer", optimizer,
      {.help = "adamw; bertadam (no bias correction, decay inside the update, clipping per tensor); or lamb. One of "
               "the last two, in place of another default, takes its published values where their flags are not "
               "given: adam_beta1 0.9, adam_beta2 0.999, adam_epsilon 1e-6, weight_decay 0.01.",
       .choices = optim::optimizer_names(),
       .choice_aliases = {{"adamw_torch", "adamw"}, {"adamw_torch_fused", "adamw"}},
       .aliases = {"optim"}});
  list.add("adam_beta1", adam_beta1, {.help = "Decay of the first moment.", .min = 0, .max = 0.999999999});
  list.add("adam_beta2", adam_beta2, {.help = "Decay of the second moment.", .min = 0, .max = 0.999999999});
  list.add("adam_epsilon", adam_epsilon, {.help = "Added to the root of the second moment.", .min = 0});
  list.add("correct_bias", correct_bias, {.help = "AdamW's bias correction."});
  list.add("weight_decay", weight_decay,
           {.help = "Decoupled decay; biases and LayerNorm weights are left out.", .min = 0});
  list.add("max_grad_norm", max_grad_norm,
           {.help = "Gradients are scaled down to this L2 norm; 0 switches it off, bertadam's of single tensors too.",
            .min = 0});
  list.add("seed", seed, {.help = "Seed of data order, dropout and fresh weights.", .min = 0});
  list.add(
      "max_tokens_per_micro_batch", max_tokens_per_micro_batch,
      {.help = "Most tokens that go through memory at once; a step is cut accordingly and its result stays the same. "
               "0: 1024 for each thread, but at least 2048, and less where memory is short.",
       .unit = "tokens",
       .min = 0});
  list.add("checkpoint_activations", checkpoint_activations,
           {.help = "Keep the inputs of layers only and compute the rest again in the backward pass: less memory, a "
                    "third more time.",
            .aliases = {"gradient_checkpointing"}});
  list.add("group_by_length", group_by_length, {.help = "Steps of sequences of similar length."});
  list.add("dataloader_drop_last", dataloader_drop_last, {.help = "Leave out the last, incomplete step of an epoch."});
  RuntimeConfig::fields(list);
  list.add("deterministic", deterministic,
           {.help = "In fp32: the same result for any number of threads, somewhat slower."});
  list.add("loss_scale", loss_scale,
           {.help = "In fp16: the loss is multiplied by this before the backward pass; 0: dynamic, halved after a step "
                    "that overflows and doubled after 2000 others.",
            .min = 0});
  list.add("init_loss_scale", init_loss_scale,
           {.help = "In fp16: the dynamic loss scale of the first step.", .min = 1});
  list.add("mode", mode,
           {.help = "eager: losses are read after every step; lazy: only where they are logged, saved or evaluated; "
                    "graph: lazy, and steps of one size run as one recorded graph.",
            .choices = {"eager", "graph", "lazy"}});
  list.add("lazy_steps", lazy_steps,
           {.help = "In lazy mode, read at least every N steps; 0: no limit.", .unit = "steps", .min = 0});
  list.add("process_timeout", process_timeout,
           {.help = "With several processes: how long a rank may send no heartbeat before the others give up.",
            .unit = "seconds",
            .min = 1});
  list.add("shard_optimizer_state", shard_optimizer_state,
           {.help = "With N processes: each holds 1/N of the moments and updates 1/N of the parameters (ZeRO stage 1), "
                    "with the same result.",
            .aliases = {"zero1"}});
  list.add("bucket_cap_mb", bucket_cap_mb,
           {.help = "With several processes: gradients are all-reduced in buckets of this size while the backward pass "
                    "still runs.",
            .unit = "MB",
            .min = 1,
            .max = 1 << 20});
  list.add("allreduce_post_accumulation", allreduce_post_accumulation,
           {.help = "One all-reduce after the backward pass, without buckets. Gradients are reduced once in a step, "
                    "after its last micro-batch, with this and without."});
  list.add("allreduce_post_accumulation_fp16", allreduce_post_accumulation_fp16,
           {.help = "Send gradients in 16 bits, as bfloat16, which needs no loss scale."});
  list.group("Logging, evaluation and checkpoints");
  list.add("logging_steps", logging_steps, {.help = "A log line every N steps; 0: none.", .unit = "steps", .min = 0});
  list.add(
      "save_steps", save_steps,
      {.help = "A checkpoint every N steps and after the last; 0: only when interrupted.", .unit = "steps", .min = 0});
  list.add("save_total_limit", save_total_limit, {.help = "Checkpoints kept; 0 keeps all.", .min = 0});
  list.add("evaluate_during_training", evaluate_during_training,
           {.help = "Evaluate at the end of every epoch and every eval_steps."});
  list.add("eval_steps", eval_steps,
           {.help = "Evaluate every N steps; 0: not between epochs.", .unit = "steps", .min = 0});
  list.add("load_best_model_at_end", load_best_model_at_end,
           {.help = "End with the best evaluated model instead of the last."});
  list.add(
      "max_skipped_steps", max_skipped_steps,
      {.help = "Steps in a row whose loss or gradient may be infinite or NaN; they are skipped. Steps after which the "
               "loss scale of fp16 is halved do not count.",
       .min = 0});
  list.add("event_log", event_log, {.help = "Form of train_log.jsonl.", .choices = {"jsonl", "dllogger"}});
  list.add("tensorboard", tensorboard, {.help = "Write event files for TensorBoard into runs/."});
}

void TrainingConfig::use_optimizer_defaults(FieldList& list) {
  if (optimizer == own_optimizer_ || optim::parse_optimizer(optimizer) == optim::OptimizerKind::kAdamW) return;
  const auto set = [&](const char* name, double& value, double published) {
    if (!list.find(name)->was_set) value = published;
  };
  set("adam_beta1", adam_beta1, 0.9), set("adam_beta2", adam_beta2, 0.999);
  set("adam_epsilon", adam_epsilon, 1e-6);
  set("weight_decay", weight_decay, 0.01);
}

int64_t TrainingConfig::micro_batch_tokens() const {
  if (max_tokens_per_micro_batch > 0) return max_tokens_per_micro_batch;
  // With `deterministic` the cut, too, must not depend on the threads.
  return deterministic ? 2048 : std::max<int64_t>(2048, 1024 * thread_count());
}

bool OutputConfig::continues_a_run() const { return resume && !checkpoint::list_checkpoints(output_dir).empty(); }

void OutputConfig::fields(FieldList& list) {
  list.group("Output");
  list.add("output_dir", output_dir, {.help = "Folder for the model, predictions, scores and logs.", .required = true});
  list.add("resume", resume,
           {.help = "Continue the unfinished run in output_dir from its newest whole checkpoint.",
            .aliases = {"resume_from_checkpoint"}});
  list.add("overwrite_output_dir", overwrite_output_dir, {.help = "Replace what an earlier run left in output_dir."});
}

}  // namespace retort::train
