#include "retort/task/training_run.h"

#include <fmt/ranges.h>

#include <set>

#include "retort/base/log.h"
#include "retort/checkpoint/manifest.h"
#include "retort/optim/schedule.h"
#include "retort/pretrained/input_files.h"
#include "retort/pretrained/model_card.h"
#include "retort/pretrained/projection_file.h"
#include "retort/train/continuation.h"
#include "retort/train/process_group.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/same_settings.h"

namespace retort::task {

model::ModelOptions training_model_options(const train::TrainingConfig& training) {
  return {.precision = train::precision_of(training),
          .with_gradients = true,
          .checkpoint_activations = training.checkpoint_activations};
}

namespace {

int64_t published_bytes(const kernel::ParameterStore& parameters) {
  return 4 * parameters.parameter_count() + (1 << 20);
}

// Returns whether a setting may change when a run continues.
bool may_change_on_resume(const std::string& setting) {
  static const std::set<std::string> names{"output_dir", "resume", "overwrite_output_dir", "threads",
                                           "process_timeout"};
  return names.contains(setting);
}

void refuse_other_command(const Json& before, const Json& settings, const std::string& file) {
  const Json command = before.contains(kCommandKey) ? before.at(kCommandKey) : Json("");
  if (!command.is_string())
    throw UserError("`{}` in `{}` must be text, but is {}; move the file or choose another --output_dir", kCommandKey,
                    file, command.dump().substr(0, 60));
  const std::string then = command, now = settings.value(kCommandKey, "");
  if (!then.empty() && !now.empty() && then != now)
    throw UserError(
        "a continued run must have the command `retort {}`, but began with `retort {}`; use that command, or "
        "choose another --output_dir",
        now, then);
}

void warn_of_other_settings(const Json& before, const Json& settings) {
  std::vector<std::string> others;
  for (const auto& [name, value] : settings.items())
    if (!may_change_on_resume(name) && before.contains(name) && before[name] != value)
      others.push_back(fmt::format("{} {} (it was {})", name, value.dump(), before[name].dump()));
  if (!others.empty()) log_warning("the run continues with changed settings: {}", fmt::join(others, ", "));
}

}  // namespace

TrainingRun::TrainingRun(const train::TrainingConfig& training, const train::OutputConfig& output, Json settings)
    : training_(training), output_(output), settings_(std::move(settings)) {
  train::set_up_process(training);
  train::check_same_settings(train::process_group(), settings_);
  if (train::process_group().is_main()) lock_folder();
  finished_ = read_finished_results();
  const train::ProcessGroup& group = train::process_group();
  continues_ = group.all_reduce_max(group.is_main() && output.continues_a_run()) > 0;
}

void TrainingRun::lock_folder() {
  const train::TrainingConfig& training = training_;
  const train::OutputConfig& output = output_;
  for (const auto& [flag, is_given] :
       {std::pair("eval_steps", training.eval_steps > 0), {"load_best_model_at_end", training.load_best_model_at_end}})
    if (is_given && !training.evaluate_during_training)
      log_info("`--{}` has no effect without --evaluate_during_training", flag);
  const bool is_constant = optim::parse_schedule(training.lr_scheduler_type) == optim::ScheduleKind::kConstant;
  if (is_constant && (training.warmup_steps > 0 || training.warmup_proportion > 0))
    log_info("warm-up has no effect with --lr_scheduler_type constant; use constant_with_warmup");
  if (training.num_train_epochs == 0 && training.max_steps < 1)
    throw UserError("`num_train_epochs` must be above 0, but is 0; set it or `max_steps`");
  pretrained::check_does_not_overwrite_inputs(output.output_dir, settings_);
  if (output.overwrite_output_dir) pretrained::check_does_not_move_inputs(output.output_dir, settings_);
  using checkpoint::RunStart;
  const RunStart start = output.resume                 ? RunStart::kResume
                         : output.overwrite_output_dir ? RunStart::kOverwrite
                                                       : RunStart::kNew;
  folder_.emplace(checkpoint::RunFolderOptions{
      .output_dir = output.output_dir, .start = start, .save_total_limit = training.save_total_limit});
  if (const auto before = folder_->maybe_read_config(); before && output.resume) {
    refuse_other_command(*before, settings_, (folder_->path() / "retort_config.json").string());
    warn_of_other_settings(*before, settings_);
  }
}

// Every rank needs the answer, and only rank 0 has the folder.
std::optional<Json> TrainingRun::read_finished_results() const {
  if (!output_.resume) return std::nullopt;
  std::optional<Json> results;
  if (folder_) results = folder_->maybe_results();
  const train::ProcessGroup& group = train::process_group();
  const bool is_finished =
      group.world_size() == 1 ? results.has_value() : group.broadcast(results ? "finished" : "") != "";
  if (!is_finished) return std::nullopt;
  if (folder_) log_info("`{}` has a finished run; its results follow", folder_->path().string());
  return results.value_or(Json());
}

void TrainingRun::check_continues(const data::Source& source) const {
  if (!folder_ || !output_.resume) return;
  const auto checkpoints = checkpoint::list_checkpoints(folder_->path());
  for (auto each = checkpoints.rbegin(); each != checkpoints.rend(); ++each) {
    // A damaged checkpoint is not the one that training continues from.
    if (checkpoint::verify_checkpoint_file(each->path, train::kTrainerStateFile)) continue;
    const train::TrainerState state = train::load_trainer_state(each->path);
    return train::check_continues(state.resume, training_, source, source.content_hash());
  }
}

Json TrainingRun::train(train::TrainUnit& unit, data::Source& source) {
  stop_.emplace();
  trainer_ = std::make_unique<train::Trainer>(unit, source, training_, folder_ ? &*folder_ : nullptr);
  const bool is_resumed = output_.resume && trainer_->resume();
  if (!is_resumed && !initial_checkpoint_.empty()) trainer_->start_from(initial_checkpoint_);
  if (!is_resumed && fill_moments_) trainer_->start_with(fill_moments_, initial_step_);
  if (!folder_) return trainer_->run().to_json();
  trainer_->log_settings(settings_);
  folder_->write_config(settings_);
  folder_->reserve_space(published_bytes(unit.parameters()));
  Json rates = trainer_->run().to_json();
  rates["num_parameters"] = unit.parameters().parameter_count();
  if (trainer_->is_paused()) {
    rates["paused_at_step"] = trainer_->global_step();
    log_info("paused at step {} of {}; --resume continues", trainer_->global_step(), trainer_->total_steps());
    return rates;
  }
  folder_->publish_files([&](const fs::path& folder) { unit.save_model(folder); }, published_bytes(unit.parameters()));
  return rates;
}

Json TrainingRun::evaluate(const std::function<Json()>& evaluation) {
  RETORT_CHECK(trainer_ != nullptr, "a final evaluation before training");
  const int64_t step = trainer_->global_step();
  try {
    return evaluation();
  } catch (const Interrupted&) {
    const bool is_saved = trainer_->save();
    train::process_group().barrier();  // launchers end all processes as soon as one has ended
    stop_->throw_if_requested(fmt::format("step {}", step), is_saved ? folder_->checkpoint_path(step).string() : "");
    throw;
  } catch (...) {
    if (folder_) trainer_->save();
    throw;
  }
}

void TrainingRun::finish(const pretrained::LoadedModel& loaded, const std::string& task, const Json& results) {
  const model::Model& model = *loaded.model;
  folder_->publish_files(
      [&](const fs::path& folder) { pretrained::save_model_card(folder, model, task, settings_, results); });
  pretrained::remove_old_projection(folder_->path(), model);
  folder_->write_results(results);
  folder_->write_done();
}

}  // namespace retort::task
