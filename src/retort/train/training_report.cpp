#include "retort/train/training_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "retort/base/log.h"
#include "retort/train/nonfinite_json.h"

namespace retort::train {

namespace {

// Of the values of the log; null: a number without a unit.
const std::vector<std::pair<const char*, Json>> kUnits = {{"loss", nullptr},
                                                          {"learning_rate", nullptr},
                                                          {"sequences_per_second", "sequences/s"},
                                                          {"tokens_per_second", "tokens/s"},
                                                          {"train_seconds", "s"},
                                                          {"communication_seconds", "s"},
                                                          {"exact", nullptr},
                                                          {"f1", nullptr}};

}  // namespace

TrainingReport::TrainingReport(const TrainingConfig& config, fs::path folder, const TrainingClock& clock)
    : config_(config), folder_(std::move(folder)), clock_(clock) {}

// The names of the lines in DLLogger's form are those of NVIDIA's run_pretraining.py and run_squad.py, one line each.
void TrainingReport::write_beginning(const TrainerState& state) {
  const auto write = [&](const Json& values) { log_->write({.kind = EventKind::kParameters, .values = values}); };
  const int64_t sequences = state.resume.sequences_per_epoch;
  if (config_.event_log != "dllogger") {
    write({{"settings", settings_},
           {"num_parameters", num_parameters_},
           {"sequences_per_epoch", sequences},
           {"steps", state.max_steps}});
  } else {
    write({{"Config", settings_}});
    write({{"SEED", config_.seed}});
    write({{"batch_size_per_gpu", config_.per_device_train_batch_size}});
    write({{"learning_rate", config_.learning_rate}});
    write({{"training_features", sequences}, {"steps", state.max_steps}});
    write({{"train_start", true}});
  }
  for (const auto& [metric, unit] : kUnits) log_->write_metadata(metric, {{"unit", unit}});
}

void TrainingReport::open(const TrainerState& state, ProgressSink sink) {
  const auto resumed_step = state.global_step > 0 ? std::optional(state.global_step) : std::nullopt;
  if (!folder_.empty()) {
    const auto form = config_.event_log == "dllogger" ? EventLogForm::kDllogger : EventLogForm::kJsonLines;
    log_ = std::make_unique<EventLog>(
        EventLogOptions{.path = folder_ / kEventLogFile, .form = form, .resumed_step = resumed_step});
    if (!resumed_step && !settings_.is_null()) write_beginning(state);
    if (config_.tensorboard)
      tensorboard_ = std::make_unique<TensorBoardWriter>(
          TensorBoardOptions{.folder = folder_ / "runs", .resumed_step = resumed_step});
  }
  progress_ = std::make_unique<Progress>(ProgressOptions{.title = "train",
                                                         .total = state.max_steps,
                                                         .start = {.done = state.global_step,
                                                                   .sequences = state.resume.sequences_seen,
                                                                   .tokens = state.resume.tokens_seen}},
                                         std::move(sink));
  for (const Json& entry : state.log_history)
    if (entry.contains("loss")) last_loss_ = maybe_number(entry.at("loss")).value_or(last_loss_);
  window_started_ = clock_.train_seconds();
}

void TrainingReport::add_step(const StepResult& result, TrainerState& state) {
  ResumeState& resume = state.resume;
  for (const auto& [name, value] : result.components) resume.component_sums[name] += value;
  ++resume.component_steps;
  if (result.is_finite) resume.loss_sum += result.loss, ++resume.loss_count;
  window_sequences_ += result.sequences, window_tokens_ += result.tokens;
  window_communication_ += result.communication_seconds, window_hidden_ += result.hidden_seconds;
  last_loss_ = result.loss;
  progress_->update({.done = state.global_step,
                     .sequences = resume.sequences_seen,
                     .tokens = resume.tokens_seen,
                     .loss = result.loss});
  const bool is_last = state.global_step == state.max_steps;
  if (is_due(config_.logging_steps, state.global_step) || (is_last && config_.logging_steps > 0))
    end_window(result, state);
}

Json TrainingReport::window_values(const StepResult& result, const TrainerState& state) const {
  const ResumeState& resume = state.resume;
  const double seconds = std::max(1e-9, clock_.train_seconds() - window_started_);
  Json values;
  values["loss"] = resume.loss_count ? resume.loss_sum / static_cast<double>(resume.loss_count) : result.loss;
  values["learning_rate"] = result.learning_rate;
  values["grad_norm"] = result.gradient_norm;
  values["sequences_per_second"] = static_cast<double>(window_sequences_) / seconds;
  values["tokens_per_second"] = static_cast<double>(window_tokens_) / seconds;
  values["overhead_share"] = clock_.overhead_share();
  if (window_communication_ > 0) {
    values["communication_seconds"] = window_communication_;
    values["hidden_communication_share"] = window_hidden_ / window_communication_;
  }
  for (const auto& [name, sum] : resume.component_sums)
    values[name] = sum / static_cast<double>(resume.component_steps);
  return values;
}

void TrainingReport::end_window(const StepResult& result, TrainerState& state) {
  const Json values = window_values(result, state);
  last_loss_ = values["loss"].get<double>();
  Json entry{{"epoch", state.epoch}, {"step", state.global_step}};
  for (const char* key : {"loss", "learning_rate", "grad_norm"}) entry[key] = values[key];
  state.log_history.push_back(std::move(entry));
  if (log_) log_->write({.step = state.global_step, .epoch = state.epoch, .values = values});
  if (tensorboard_)
    for (const auto& [key, value] : values.items())
      tensorboard_->add_scalar("train/" + key, value.get<double>(), state.global_step);
  begin_window(state.resume);
}

void TrainingReport::begin_window(ResumeState& state) {
  state.loss_sum = 0, state.loss_count = 0;
  state.component_sums.clear(), state.component_steps = 0;
  window_started_ = clock_.train_seconds();
  window_sequences_ = window_tokens_ = 0;
  window_communication_ = window_hidden_ = 0;
}

void TrainingReport::add_evaluation(const Json& scores, TrainerState& state) {
  if (log_)
    log_->write({.kind = EventKind::kEvaluate, .step = state.global_step, .epoch = state.epoch, .values = scores});
  Json entry{{"epoch", state.epoch}, {"step", state.global_step}};
  for (const auto& [key, value] : scores.items()) {
    if (!value.is_number()) continue;
    entry["eval_" + key] = value;
    if (tensorboard_) tensorboard_->add_scalar("eval/" + key, value.get<double>(), state.global_step);
  }
  log_info("step {}: {}", state.global_step, scores.dump());
  state.log_history.push_back(std::move(entry));
}

void TrainingReport::add_micro_batch_tokens(const TrainerState& state) {
  if (log_)
    log_->write({.kind = EventKind::kMemory,
                 .step = state.global_step + 1,
                 .epoch = state.epoch,
                 .values = {{"micro_batch_tokens", state.resume.micro_batch_tokens}}});
}

void TrainingReport::add_summary(const Json& totals) {
  if (log_) log_->write({.kind = EventKind::kSummary, .values = totals});
}

void TrainingReport::clear_progress() {
  if (progress_) progress_->clear();
}

void TrainingReport::finish_progress() {
  if (progress_) progress_->finish();
}

}  // namespace retort::train
