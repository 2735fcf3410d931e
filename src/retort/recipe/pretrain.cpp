#include "retort/recipe/pretrain.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/task/mlm_training.h"
#include "retort/task/pretraining_data.h"
#include "retort/task/pretraining_run.h"

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
               "step counter and schedule anew; or from the weights of a published ckpt_N.pt."});
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

// The settings of the second phase, after the first: the same but what `second` changes.
PretrainConfig second_phase(const PretrainConfig& config) {
  const task::PretrainingPhase& published = task::published_phase(2);
  const SecondPhaseConfig& second = config.second;
  const auto either = [](auto own, auto other) { return own < 0 ? other : own; };
  PretrainConfig next = config;
  next.phase = 2;
  next.second = {};
  next.pairs.data_dir = second.data_dir;
  next.pairs.max_predictions_per_seq = either(second.max_predictions_per_seq, published.max_predictions_per_seq);
  next.corpus.rows.max_seq_length = either(second.max_seq_length, published.max_seq_length);
  train::TrainingConfig& training = next.training;
  training.learning_rate = either(second.learning_rate, published.learning_rate);
  training.warmup_proportion = either(second.warmup_proportion, published.warmup_proportion);
  training.max_steps = either(second.max_steps, published.max_steps);
  training.per_device_train_batch_size =
      either(second.per_device_train_batch_size, published.per_device_train_batch_size);
  training.gradient_accumulation_steps =
      either(second.gradient_accumulation_steps, published.gradient_accumulation_steps);
  training.save_steps = either(second.save_steps, published.save_steps);
  return next;
}

Json pretrain_masked(const PretrainConfig& config) {
  const train::TrainingConfig& training = config.training;
  const task::LanguageLossConfig losses{.alpha_ce = 0, .alpha_mlm = 1};
  task::check_language_settings(config.corpus, losses);
  task::TrainingRun run(training, config.output, settings_of("pretrain", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_language_model(config.model, config.corpus, training);
  const task::LanguageCorpus corpus(config.corpus, loaded);
  data::ShuffledSource source(corpus.sequences(), corpus.source_options(training, losses));
  run.check_continues(source);

  task::MlmUnit unit(loaded, /*teacher=*/nullptr, losses, corpus.held_out(), training.micro_batch_tokens());
  if (corpus.held_out().masked && !config.output.continues_a_run())
    log_info("before training: {}", unit.evaluate().dump());
  const Json rates = run.train(unit, source);
  if (run.is_paused()) return rates;
  return task::finish_language_run(run, loaded, unit, corpus.held_out(), training, rates);
}

Json pretrain_phase(const PretrainConfig& config) {
  const train::TrainingConfig& training = config.training;
  task::TrainingRun run(training, config.output, settings_of("pretrain", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_pretraining_model(config.model, training);
  const task::PretrainingData data(config.pairs, config.corpus.rows.max_seq_length, training, loaded);
  data::ShuffledSource source(data.train(), train::source_options(training));
  run.check_continues(source);

  task::PretrainingUnit unit(loaded, config.dense_sequence_output, data.maybe_held_out(),
                             training.micro_batch_tokens());
  task::start_from(config.init_checkpoint, run, loaded);
  const Json rates = run.train(unit, source);
  if (run.is_paused()) return rates;
  return task::finish_pretraining_run(run, loaded, unit, rates);
}

// A phase that an earlier call finished gives its results and is not trained again.
Json pretrain_both(const PretrainConfig& config) {
  PretrainConfig first = config;
  first.phase = 1;
  first.output.output_dir = (fs::path(config.output.output_dir) / "phase1").string();
  PretrainConfig second = second_phase(config);
  second.output.output_dir = (fs::path(config.output.output_dir) / "phase2").string();
  second.init_checkpoint = first.output.output_dir;
  first.second = {};

  Json results{{"phase1", pretrain_phase(first)}};
  if (results["phase1"].contains("paused_at_step")) return results;
  results["phase2"] = pretrain_phase(second);
  return results;
}

void check_pairs(const PretrainConfig& config) {
  if (config.pairs.data_dir.empty())
    throw UserError("`--data_dir` must be given with --objective mlm_nsp, but is missing");
  if (!config.second.data_dir.empty() && config.phase > 0)
    throw UserError("`--phase2_data_dir` must be left out with --phase {}, but is given; it trains both phases",
                    config.phase);
}

}  // namespace

void PretrainConfig::after_parsing(FieldList& list) {
  if (objective != "mlm_nsp") return;
  if (phase > 0)
    use_published_phase(list, task::published_phase(phase));
  else if (!second.data_dir.empty())
    use_published_phase(list, task::published_phase(1));
}

Json pretrain(const PretrainConfig& config) {
  if (config.objective == "mlm") return pretrain_masked(config);
  check_pairs(config);
  return config.second.data_dir.empty() ? pretrain_phase(config) : pretrain_both(config);
}

}  // namespace retort::recipe
