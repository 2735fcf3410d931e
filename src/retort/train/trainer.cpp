#include "retort/train/trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>

#include <chrono>
#include <cmath>
#include <tuple>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/random.h"
#include "retort/checkpoint/manifest.h"
#include "retort/train/continuation.h"
#include "retort/train/nonfinite_json.h"
#include "retort/train/optimizer_file.h"

namespace retort::train {

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

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

// What the sum of a term is divided by: its own count of the step, or the one that all terms share.
double count_of(const std::vector<double>& counts, size_t term) {
  return counts.size() == 1 ? counts[0] : counts.at(term);
}

// Dropout keys: of the row in this epoch, so they do not depend on the cut into micro-batches.
std::vector<uint64_t> sequence_keys(const data::Batch& batch, uint64_t seed, int64_t epoch) {
  std::vector<uint64_t> keys;
  keys.reserve(batch.rows.size());
  for (const int64_t row : batch.rows) keys.push_back(make_key(seed, epoch, row));
  return keys;
}

}  // namespace

Json TrainingSummary::to_json() const {
  Json json{{"train_steps", steps}, {"train_seconds", train_seconds}, {"train_loss", loss}};
  json["train_sequences_per_second"] = train_seconds > 0 ? static_cast<double>(sequences) / train_seconds : 0.0;
  json["train_tokens_per_second"] = train_seconds > 0 ? static_cast<double>(tokens) / train_seconds : 0.0;
  json["overhead_share"] = overhead_share;
  json["skipped_steps"] = skipped_steps;
  return json;
}

Trainer::Trainer(TrainUnit& unit, data::Source& source, const TrainingConfig& config, checkpoint::RunFolder* run)
    : group_(process_group()),
      unit_(unit),
      source_(source),
      config_(config),
      run_(run),
      optimizer_(unit.parameters(), optimizer_options(config)),
      schedule_(make_schedule(config, steps_in_all())) {
  if (schedule_.total_steps < 1)
    throw UserError("`num_train_epochs` must give at least one step, but is {}", config.num_train_epochs);
  state_.max_steps = schedule_.total_steps;
  state_.num_train_epochs = static_cast<int64_t>(std::ceil(config.num_train_epochs));
  state_.train_batch_size = config.per_device_train_batch_size;
  state_.logging_steps = config.logging_steps, state_.eval_steps = config.eval_steps,
  state_.save_steps = config.save_steps;
  state_.resume.seed = config.seed;
  state_.resume.sequences_per_epoch = source.sequences_per_epoch();
  state_.resume.sequences_per_step = source.sequences_per_step();
  if (run != nullptr) state_.resume.data_hash = source.content_hash();
}

// Those done, and those that are left of all epochs from the source's place, in steps of its size.
int64_t Trainer::steps_in_all() const {
  if (config_.max_steps > 0) return config_.max_steps;
  const int64_t an_epoch = source_.steps_per_epoch();
  const auto wanted = static_cast<int64_t>(std::ceil(config_.num_train_epochs * static_cast<double>(an_epoch)));
  return state_.global_step + std::max<int64_t>(0, wanted - source_.steps_before(source_.position()));
}

bool Trainer::resume() {
  if (run_ == nullptr) return false;
  const auto checkpoint = run_->newest_valid();
  if (!checkpoint) {
    log_warning("`{}` holds no whole checkpoint: training begins at step 0", run_->path().string());
    return false;
  }
  load_checkpoint(checkpoint->path);
  if (!state_.resume.evaluation_is_due) last_saved_step_ = state_.global_step;
  log_info("continuing from `{}` at step {} of {}", checkpoint->path.string(), state_.global_step,
           schedule_.total_steps);
  return true;
}

// Every process goes on from the main one's state.
void Trainer::begin_together() {
  if (group_.size() == 1) return;
  const std::string own = fmt::format("{} epochs of {} steps or {}, seed {}, learning rate {}, log every {}",
                                      config_.num_train_epochs, source_.steps_per_epoch(), config_.max_steps,
                                      config_.seed, config_.learning_rate, config_.logging_steps);
  for (const std::string& other : group_.gather(own))
    if (other != own)
      throw UserError("all processes must be started with the same settings, but one has {} and another {}", own,
                      other);
  group_.broadcast(unit_.parameters().values());
  unit_.parameters().refresh_operands();
  for (const optim::Moment& moment : optimizer_.moments()) group_.broadcast(moment.values);
  const Json state = Json::parse(
      group_.broadcast(Json({{"state", state_.to_json()}, {"optimizer_steps", optimizer_.step_count()}}).dump()));
  if (group_.is_main()) return;
  go_on_from(TrainerState::from_json(state.at("state"), "process 0"));
  optimizer_.restore(state.at("optimizer_steps"));
}

TrainingSummary Trainer::run() {
  StopSignal stop;
  begin_together();
  open_logs(state_.global_step > 0 ? std::optional(state_.global_step) : std::nullopt);
  seconds_before_ = state_.resume.train_seconds;
  started_ = stretch_started_ = seconds_now();
  progress_ = std::make_unique<Progress>(ProgressOptions{
      .title = "train",
      .total = schedule_.total_steps,
      .start = {
          .done = state_.global_step, .sequences = state_.resume.sequences_seen, .tokens = state_.resume.tokens_seen}});
  if (state_.resume.evaluation_is_due) {
    evaluate_and_keep_best();
    save();  // with its scores
    leave_if_stopped(stop, group_.largest(stop.requested()));
  }
  while (state_.global_step < schedule_.total_steps) {
    int64_t signal_of_any = 0;  // a signal that only comes meanwhile is for the next step
    try {
      after_step(take_step());
      signal_of_any = group_.largest(stop.requested());
    } catch (const ProcessLostError& lost) {
      save_after_loss(lost);
    }
    leave_if_stopped(stop, signal_of_any);
  }
  progress_->finish();
  state_.resume.train_seconds = seconds_before_ + seconds_now() - started_;
  has_ended_ = true;
  if (config_.load_best_model_at_end) restore_best();
  check_result();
  TrainingSummary summary{.steps = state_.global_step,
                          .train_seconds = state_.resume.train_seconds,
                          .sequences = state_.resume.sequences_seen,
                          .tokens = state_.resume.tokens_seen,
                          .loss = last_loss_,
                          .overhead_share = overhead_share(),
                          .skipped_steps = state_.resume.skipped_steps};
  if (log_) log_->write({.kind = EventKind::kSummary, .values = summary.to_json()});
  return summary;
}

// All processes leave behind the same step, when a signal came to any of them.
void Trainer::leave_if_stopped(StopSignal& stop, int64_t signal_of_any) {
  if (signal_of_any == 0) return;
  stop.adopt(static_cast<int>(signal_of_any));
  progress_->clear();
  const bool is_saved = save();
  group_.wait_for_all();  // launchers end all processes as soon as one has ended
  stop.throw_if_requested(fmt::format("step {}", state_.global_step),
                          is_saved ? run_->checkpoint_path(state_.global_step).string() : "");
}

std::optional<std::string> Trainer::maybe_not_finite() const {
  for (const kernel::NamedSlice& slice : unit_.parameters().slices())
    if (!unit_.parameters().tensor(slice).isfinite().all().item<bool>()) return slice.name;
  return std::nullopt;
}

// A model that learned nothing, or is none any more, must not pass for a trained one.
void Trainer::check_result() const {
  if (state_.global_step > 0 && state_.resume.skipped_steps >= state_.global_step)
    throw DivergenceError(
        "training changed nothing: each of its {} steps had a loss or gradient that is not finite; look at the weights "
        "of the losses, `temperature` and `learning_rate`",
        state_.global_step);
  if (const auto name = maybe_not_finite())
    throw DivergenceError(
        "training diverged: parameter `{}` is not finite; lower `learning_rate`, or raise `adam_epsilon`", *name);
}

// One optimizer step.
Trainer::StepResult Trainer::take_step() {
  StepResult result;
  // 1 the micro-batches of the step
  const data::StepBatch batch = source_.next();
  const double before = seconds_now();
  // 2 forward and 3 backward; sums are divided by the counts of the whole step, so 4 no division is left
  try {
    LossShare share = forward_backward(batch);
    group_.sum(unit_.parameters().gradients());
    share = sum_shares(share);
    result.loss = share.loss;
    for (const auto& [name, value] : share.parts) state_.resume.part_sums[name] += value;
  } catch (const ProcessLostError&) {
    source_.seek(batch.position);  // the step did not happen
    throw;
  }
  // 5 check and clip
  result.gradient_norm = optimizer_.gradient_norm();
  result.is_finite = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  const double clip = optimizer_.clip_scale(result.gradient_norm, config_.max_grad_norm);
  // 6 optimizer at 7 the scheduled rate
  if (result.is_finite) {
    optimizer_.step(config_.learning_rate * schedule_.factor(state_.global_step + 1), clip);
    skipped_in_a_row_ = 0;
  } else {
    handle_nonfinite(batch, result);
  }
  work_seconds_ += seconds_now() - before;
  ++state_.global_step;
  state_.resume.sequences_seen += batch.sequence_count, state_.resume.tokens_seen += batch.token_count;
  ++state_.resume.part_steps;
  stretch_sequences_ += batch.sequence_count, stretch_tokens_ += batch.token_count;
  return result;
}

Trainer::LossShare Trainer::forward_backward(const data::StepBatch& batch) {
  const std::vector<double> counts = unit_.step_counts(batch);
  LossShare share;
  for (const data::Batch& micro_batch : batch.own()) {
    const auto keys = sequence_keys(micro_batch, static_cast<uint64_t>(config_.seed), batch.position.epoch);
    const std::vector<loss::LossTerm> terms = unit_.forward(micro_batch, keys);
    share.add_parts(terms, counts);
    at::Tensor total;
    for (size_t i = 0; i < terms.size(); ++i) {
      const double count = count_of(counts, i);
      if (terms[i].weight == 0 || count == 0) continue;
      const at::Tensor part = terms[i].sum * (terms[i].weight / count);
      total = total.defined() ? total + part : part;
    }
    if (!total.defined()) continue;
    share.loss += total.item<double>();
    total.backward();
  }
  return share;
}

void Trainer::LossShare::add_parts(const std::vector<loss::LossTerm>& terms, const std::vector<double>& counts) {
  for (size_t i = 0; i < terms.size(); ++i) {
    for (const auto& [name, value] : terms[i].parts) parts[name] += value;
    const double count = count_of(counts, i);
    if (terms.size() > 1 && terms[i].parts.empty() && count > 0)
      parts[terms[i].name] += terms[i].sum.item<double>() / count;
  }
}

// Over all processes. A process without a micro-batch of its own knows no parts, so their names go with them.
Trainer::LossShare Trainer::sum_shares(const LossShare& own) const {
  if (group_.size() == 1) return own;
  LossShare sums;
  const Json text{{"loss", with_named_nonfinite(own.loss)}, {"parts", with_named_nonfinite(Json(own.parts))}};
  for (const std::string& each : group_.gather(text.dump())) {
    const Json share = Json::parse(each);
    sums.loss += maybe_number(share.at("loss")).value();
    const Json& parts = share.at("parts");
    for (const auto& [name, value] : parts.items()) sums.parts[name] += maybe_number(value).value();
  }
  return sums;
}

// What was trained is kept, and the error goes on with what is to be done.
void Trainer::save_after_loss(const ProcessLostError& lost) {
  progress_->clear();
  if (!group_.is_main()) throw lost;
  const bool is_saved = save();
  throw ProcessLostError("{}; {}", lost.what(),
                         is_saved ? fmt::format("saved as `{}`; start all processes again with --resume",
                                                run_->checkpoint_path(state_.global_step).string())
                                  : std::string("start all processes again"));
}

// Leaves the update out; after too many in a row the run cannot be saved by waiting.
void Trainer::handle_nonfinite(const data::StepBatch& batch, const StepResult& result) {
  unit_.parameters().zero_gradients();
  ++state_.resume.skipped_steps;
  if (++skipped_in_a_row_ <= config_.max_skipped_steps) {
    if (progress_) progress_->clear();
    log_warning("step {} is skipped: its loss is {} and its gradient norm {}", state_.global_step + 1, result.loss,
                result.gradient_norm);
    return;
  }
  const auto& rows = batch.micro_batches.front().rows;
  throw DivergenceError(
      "training diverged: {} steps in a row had a loss or gradient that is not finite; step {}, first row {}, first "
      "parameter that is not finite: {}. "
      "Lower `learning_rate`, or resume from the last checkpoint",
      skipped_in_a_row_, state_.global_step + 1, rows.empty() ? -1 : rows.front(), maybe_not_finite().value_or("none"));
}

// Once in a while: log, evaluate, save.
void Trainer::after_step(const StepResult& result) {
  if (result.is_finite) state_.resume.loss_sum += result.loss, ++state_.resume.loss_count;
  last_loss_ = result.loss;
  state_.epoch = fraction_of_epoch();
  const int64_t step = state_.global_step;
  const auto is_due = [&](int64_t interval) { return interval > 0 && step % interval == 0; };
  progress_->update({.done = step,
                     .sequences = state_.resume.sequences_seen,
                     .tokens = state_.resume.tokens_seen,
                     .loss = result.loss});
  const bool is_last = step == schedule_.total_steps;
  if (is_due(config_.logging_steps) || (is_last && config_.logging_steps > 0)) log_stretch(result);
  const bool epoch_ended = source_.position().sequence == 0;
  if (config_.evaluate_during_training && (is_due(config_.eval_steps) || epoch_ended || is_last))
    evaluate_and_keep_best();
  // the last one too: what follows may take long, and may be killed or fail
  if (is_due(config_.save_steps) || (is_last && config_.save_steps > 0)) save();
}

void Trainer::log_stretch(const StepResult& result) {
  const double seconds = std::max(1e-9, seconds_now() - stretch_started_);
  Json values;
  values["loss"] =
      state_.resume.loss_count ? state_.resume.loss_sum / static_cast<double>(state_.resume.loss_count) : result.loss;
  values["learning_rate"] = config_.learning_rate * schedule_.factor(state_.global_step);
  values["grad_norm"] = result.gradient_norm;
  values["sequences_per_second"] = static_cast<double>(stretch_sequences_) / seconds;
  values["tokens_per_second"] = static_cast<double>(stretch_tokens_) / seconds;
  values["overhead_share"] = overhead_share();
  for (const auto& [name, sum] : state_.resume.part_sums)
    values[name] = sum / static_cast<double>(state_.resume.part_steps);
  last_loss_ = values["loss"].get<double>();
  Json entry{{"epoch", state_.epoch}, {"step", state_.global_step}};
  for (const char* key : {"loss", "learning_rate", "grad_norm"}) entry[key] = values[key];
  state_.log_history.push_back(std::move(entry));
  if (log_) log_->write({.step = state_.global_step, .epoch = state_.epoch, .values = values});
  if (tensorboard_)
    for (const auto& [key, value] : values.items())
      tensorboard_->add_scalar("train/" + key, value.get<double>(), state_.global_step);
  state_.resume.loss_sum = 0, state_.resume.loss_count = 0;
  state_.resume.part_sums.clear(), state_.resume.part_steps = 0;
  stretch_started_ = seconds_now();
  stretch_sequences_ = stretch_tokens_ = 0;
}

void Trainer::evaluate_and_keep_best() {
  if (!group_.is_main()) return;
  const double before = seconds_now();
  progress_->clear();
  Json scores;
  state_.resume.evaluation_is_due = true;  // a checkpoint that a signal causes says so
  try {
    scores = unit_.evaluate();
    state_.resume.evaluation_is_due = false;
  } catch (const Interrupted&) {
  }
  const double spent = seconds_now() - before;  // evaluation is not training time
  started_ += spent, stretch_started_ += spent;
  if (scores.empty()) return;
  if (log_)
    log_->write({.kind = EventKind::kEvaluate, .step = state_.global_step, .epoch = state_.epoch, .values = scores});
  Json entry{{"epoch", state_.epoch}, {"step", state_.global_step}};
  for (const auto& [key, value] : scores.items()) {
    if (!value.is_number()) continue;
    entry["eval_" + key] = value;
    if (tensorboard_) tensorboard_->add_scalar("eval/" + key, value.get<double>(), state_.global_step);
  }
  log_info("step {}: {}", state_.global_step, scores.dump());
  state_.log_history.push_back(std::move(entry));
  const std::string metric = unit_.best_metric();
  if (metric.empty() || !scores.contains(metric)) return;
  const double score = scores[metric].get<double>();
  if (!std::isfinite(score) || (state_.best_metric && score <= *state_.best_metric)) return;
  keep_as_best(score);
}

// The checkpoint says of itself that it is the best; where it cannot be written, the earlier one stays the best.
void Trainer::keep_as_best(double score) {
  const auto before = std::tuple(state_.best_metric, state_.best_global_step, state_.best_model_checkpoint);
  state_.best_metric = score;
  state_.best_global_step = state_.global_step;
  if (run_ == nullptr) return;
  state_.best_model_checkpoint = run_->checkpoint_path(state_.global_step).string();
  run_->set_best_step(state_.global_step);
  if (save()) return;
  std::tie(state_.best_metric, state_.best_global_step, state_.best_model_checkpoint) = before;
  run_->set_best_step(state_.best_global_step);
}

bool Trainer::save() {
  if (run_ == nullptr) return false;
  if (last_saved_step_ == state_.global_step) return true;
  if (!has_ended_) state_.resume.train_seconds = seconds_before_ + seconds_now() - started_;
  const data::SourcePosition position = source_.position();
  state_.resume.data_epoch = position.epoch, state_.resume.data_sequence = position.sequence;
  const checkpoint::SaveRequest request{.step = state_.global_step,
                                        .fill = [this](const fs::path& folder) { write_checkpoint(folder); },
                                        .bytes_expected = 12 * unit_.parameters().parameter_count() + (1 << 20)};
  if (!run_->maybe_save(request)) return false;
  last_saved_step_ = state_.global_step;
  return true;
}

void Trainer::write_checkpoint(const fs::path& folder) const {
  unit_.save_model(folder);
  save_optimizer(folder, optimizer_);
  save_trainer_state(folder, state_);
}

void Trainer::load_checkpoint(const fs::path& folder) {
  unit_.load_weights(folder);
  load_optimizer(folder, optimizer_);
  const TrainerState state = load_trainer_state(folder);
  check_continues(state.resume, config_, source_, state_.resume.data_hash);
  const int64_t before = state.resume.sequences_per_step, now = source_.sequences_per_step();
  if (before != now)
    log_warning("the run is continued with {} sequences in a step, but was begun with {}", now, before);
  go_on_from(state);
  if (state_.max_steps != schedule_.total_steps)
    log_warning(
        "the run is continued with {} steps in all, but was begun with {}: the learning rate follows the new number",
        schedule_.total_steps, state_.max_steps);
  state_.max_steps = schedule_.total_steps;
  if (state_.best_global_step) run_->set_best_step(state_.best_global_step);
}

void Trainer::go_on_from(TrainerState state) {
  state_ = std::move(state);
  state_.resume.sequences_per_step = source_.sequences_per_step();
  source_.seek({.epoch = state_.resume.data_epoch, .sequence = state_.resume.data_sequence});
  schedule_ = make_schedule(config_, steps_in_all());
  for (const Json& entry : state_.log_history)
    if (entry.contains("loss")) last_loss_ = maybe_number(entry.at("loss")).value_or(last_loss_);
}

void Trainer::restore_best() {
  if (run_ == nullptr || !state_.best_global_step || *state_.best_global_step == state_.global_step) return;
  const fs::path best = run_->checkpoint_path(*state_.best_global_step);
  if (const auto problem = checkpoint::verify_checkpoint_folder(best)) {
    log_warning("the last model is kept, because the best one cannot be read: {}", *problem);
    return;
  }
  save();  // the last step: once its weights are gone, a run that is continued could not go on from it
  unit_.load_weights(best);
  log_info("took the best model, of step {}", *state_.best_global_step);
}

void Trainer::open_logs(std::optional<int64_t> resumed_step) {
  if (run_ == nullptr) return;
  log_ = std::make_unique<EventLog>(
      EventLogOptions{.path = run_->path() / kEventLogFile,
                      .form = config_.event_log == "dllogger" ? EventLogForm::kDllogger : EventLogForm::kJsonLines,
                      .resumed_step = resumed_step});
  if (config_.tensorboard)
    tensorboard_ = std::make_unique<TensorBoardWriter>(
        TensorBoardOptions{.folder = run_->path() / "runs", .resumed_step = resumed_step});
}

double Trainer::overhead_share() const {
  const double seconds = seconds_now() - started_;
  if (work_seconds_ == 0) return 0.0;  // no step was left to a run that is continued
  return std::max(0.0, 1 - work_seconds_ / seconds);
}

double Trainer::fraction_of_epoch() const {
  return static_cast<double>(source_.steps_before(source_.position())) / static_cast<double>(source_.steps_per_epoch());
}

}  // namespace retort::train
