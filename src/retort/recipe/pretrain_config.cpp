#include "retort/recipe/pretrain_config.h"

namespace retort::recipe {

void SecondPhaseConfig::fields(FieldList& list) {
  list.group("Second phase (--objective mlm_nsp)");
  list.add("phase2_data_dir", data_dir,
           {.help = "Train both phases, one after the other, in OUTPUT_DIR/phase1 and OUTPUT_DIR/phase2: the second "
                    "starts from the weights and moments of the first and takes its pairs from here."});
  const auto add = [&](const char* name, auto& value, const char* what, const char* unit) {
    list.add(std::string("phase2_") + name, value,
             {.help = std::string(what) + "; -1: as published.", .unit = unit, .min = -1});
  };
  add("max_seq_length", max_seq_length, "max_seq_length of the second phase", "tokens");
  add("max_predictions_per_seq", max_predictions_per_seq, "max_predictions_per_seq of the second phase", "tokens");
  add("learning_rate", learning_rate, "Its highest learning rate", "");
  add("warmup_proportion", warmup_proportion, "Its share of warm-up steps", "");
  add("max_steps", max_steps, "Its optimizer steps", "steps");
  add("per_device_train_batch_size", per_device_train_batch_size, "Its sequences of a batch", "sequences");
  add("gradient_accumulation_steps", gradient_accumulation_steps, "Its batches of a step", "");
  add("save_steps", save_steps, "Its steps from one checkpoint to the next", "steps");
}

void PretrainConfig::fields(FieldList& list) {
  list.group("Objective");
  list.add(
      "objective", objective,
      {.help = "mlm: the masked tokens of a token file; mlm_nsp: masked tokens and next-sentence labels of pairs of "
               "sentences, as BERT was pre-trained.",
       .choices = {"mlm", "mlm_nsp"}});
  list.add("phase", phase,
           {.help = "mlm_nsp: 1 or 2: the flags that are not given take the published values of this phase (LAMB, 8192 "
                    "sequences of 128 tokens a step, or 4096 of 512); 0: ours.",
            .min = 0,
            .max = 2});
  list.add(
      "init_checkpoint", init_checkpoint,
      {.help = "Start from the weights and moments of a checkpoint or run folder, as phase 2 does from phase 1, with "
               "step counter and schedule anew; or from those of a published ckpt_N.pt."});
  list.add("continue_steps", continue_steps,
           {.help = "With a published ckpt_N.pt as init_checkpoint: the optimizer's step, the schedule and the step "
                    "counter go on where the file stands, instead of at 0."});
  list.add("dense_sequence_output", dense_sequence_output,
           {.help = "Compute the masked-LM head only for masked tokens; off: for all, with the same result."});
  model.training_fields(list);
  corpus.fields(list, task::CorpusUse::kOptional);
  pairs.fields(list);
  second.fields(list);
  training.fields(list);
  list.add(
      "steps_this_run", training.steps_this_run,
      {.help = "Save and pause after N steps; --resume continues. -1: run to the end.", .unit = "steps", .min = -1});
  output.fields(list);
}

namespace {

template <typename T>
void set_default(FieldList& list, const char* name, T value) {
  Field* field = list.find(name);
  if (!field->was_set) *std::get<T*>(field->target) = value;
}

void use_published_optimizer(FieldList& list) {
  set_default<std::string>(list, "optimizer", "lamb");
  set_default<std::string>(list, "lr_scheduler_type", "nvidia_poly");
  set_default<double>(list, "adam_beta2", 0.999);
  set_default<int64_t>(list, "save_total_limit", 3);
  set_default<int64_t>(list, "logging_steps", 1);
}

void use_published_phase(FieldList& list, const task::PretrainingPhase& phase) {
  use_published_optimizer(list);
  set_default(list, "max_seq_length", phase.max_seq_length);
  set_default(list, "max_predictions_per_seq", phase.max_predictions_per_seq);
  set_default(list, "learning_rate", phase.learning_rate);
  set_default(list, "warmup_proportion", phase.warmup_proportion);
  set_default(list, "max_steps", phase.max_steps);
  set_default(list, "per_device_train_batch_size", phase.per_device_train_batch_size);
  set_default(list, "gradient_accumulation_steps", phase.gradient_accumulation_steps);
  set_default(list, "save_steps", phase.save_steps);
}

}  // namespace

void PretrainConfig::after_parsing(FieldList& list) {
  if (objective != "mlm_nsp") return;
  if (phase > 0)
    use_published_phase(list, task::published_phase(phase));
  else if (!second.data_dir.empty())
    use_published_phase(list, task::published_phase(1));
}

}  // namespace retort::recipe
