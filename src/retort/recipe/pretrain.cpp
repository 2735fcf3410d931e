#include "retort/recipe/pretrain.h"

#include <cmath>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/measure/bench_measure.h"
#include "retort/task/mlm_training.h"
#include "retort/task/pretraining_data.h"
#include "retort/task/pretraining_run.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

namespace {

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
  if (corpus.held_out().masked && !run.continues_a_run()) log_info("before training: {}", unit.evaluate().dump());
  const Json rates = run.train(unit, source);
  if (run.is_paused()) return rates;
  return task::finish_language_run(run, loaded, unit, corpus.held_out(), training, rates);
}

// The share of this machine's matmul rate that a process has trained with: by the mean length of its sequences, and
// without embeddings and heads, as `retort bench train` counts.
double utilization_of(const Json& rates, const kernel::Precision precision, const model::ModelConfig& config) {
  const double sequences = rates["train_sequences_per_second"], tokens = rates["train_tokens_per_second"];
  if (sequences == 0) return 0;  // no step was taken
  const double flops = 3 * sequences * measure::forward_flops(config, std::llround(tokens / sequences));
  const auto processes = static_cast<double>(train::process_group().world_size());
  return measure::utilization(flops / processes, 1, measure::measure_product_rate(precision, 3));
}

Json pretrain_phase(const PretrainConfig& config) {
  const train::TrainingConfig& training = config.training;
  task::TrainingRun run(training, config.output, settings_of("pretrain", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel loaded = task::load_pretraining_model(config.model, training);
  const task::PretrainingData data(config.pairs, {config.corpus.rows.max_seq_length, config.corpus.max_eval_sequences},
                                   training, loaded);
  data::ShuffledSource source(data.train(), train::source_options(training));
  run.check_continues(source);

  task::PretrainingUnit unit(loaded, config.dense_sequence_output, data.maybe_held_out(),
                             training.micro_batch_tokens());
  task::start_from({config.init_checkpoint, config.continue_steps}, run, loaded);
  Json rates = run.train(unit, source);
  if (run.is_paused()) return rates;
  if (run.has_folder())
    rates["utilization"] = utilization_of(rates, loaded.model->parameters().precision(), loaded.model->config());
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
  second.continue_steps = false;
  first.second = {};

  // The second phase may not have begun when the first is resumed.
  for (PretrainConfig* phase : {&first, &second}) phase->output.resume &= fs::exists(phase->output.output_dir);

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

Json pretrain(const PretrainConfig& config) {
  if (config.objective == "mlm") return pretrain_masked(config);
  check_pairs(config);
  return config.second.data_dir.empty() ? pretrain_phase(config) : pretrain_both(config);
}

}  // namespace retort::recipe
