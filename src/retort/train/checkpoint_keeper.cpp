#include "retort/train/checkpoint_keeper.h"

#include <tuple>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/manifest.h"
#include "retort/train/optimizer_file.h"
#include "retort/train/training_config.h"

namespace retort::train {

bool CheckpointKeeper::is_due(const TrainerState& state) const {
  // After the last step too: the evaluation that follows takes long, and may fail or be killed.
  const bool is_last = state.global_step == state.max_steps && save_steps_ > 0;
  return is_last || train::is_due(save_steps_, state.global_step);
}

bool CheckpointKeeper::save(const TrainerState& state) {
  if (!optimizer_.is_sharded()) return save(state, nullptr);
  const bool is_missing = run_ != nullptr && !has_saved(state.global_step);
  if (group_.all_reduce_max(is_missing) == 0) return run_ != nullptr;
  MomentCollector collector(group_, optimizer_);
  const bool is_saved = save(state, &collector);
  collector.finish();
  return is_saved;
}

bool CheckpointKeeper::save(const TrainerState& state, MomentCollector* collector) {
  if (run_ == nullptr) return false;
  if (has_saved(state.global_step)) return true;
  const checkpoint::SaveRequest request{.step = state.global_step,
                                        .fill = [&](const fs::path& folder) { write(folder, state, collector); },
                                        .bytes_expected = 12 * unit_.parameters().parameter_count() + (1 << 20)};
  if (!run_->maybe_save(request)) return false;
  last_saved_step_ = state.global_step;
  return true;
}

void CheckpointKeeper::write(const fs::path& folder, const TrainerState& state, MomentCollector* collector) const {
  unit_.save_model(folder);
  save_optimizer(folder, optimizer_, collector);
  save_trainer_state(folder, state);
}

void CheckpointKeeper::keep_best(double score, TrainerState& state) {
  const auto before = std::tuple(state.best_metric, state.best_global_step, state.best_model_checkpoint);
  state.best_metric = score;
  state.best_global_step = state.global_step;
  if (run_ == nullptr) return;
  state.best_model_checkpoint = path_of(state.global_step);
  run_->set_best_step(state.global_step);
  if (save(state)) return;
  std::tie(state.best_metric, state.best_global_step, state.best_model_checkpoint) = before;
  run_->set_best_step(state.best_global_step);
}

std::optional<LoadedCheckpoint> CheckpointKeeper::maybe_load_newest() {
  if (run_ == nullptr) return std::nullopt;
  const auto checkpoint = run_->newest_valid();
  if (!checkpoint) {
    log_warning("`{}` holds no whole checkpoint: training begins at step 0", run_->path().string());
    return std::nullopt;
  }
  unit_.load_weights(checkpoint->path);
  load_optimizer(checkpoint->path, optimizer_);
  TrainerState state = load_trainer_state(checkpoint->path);
  if (state.best_global_step) run_->set_best_step(state.best_global_step);
  // A checkpoint that waits for its evaluation is written again, with the scores.
  if (!state.resume.evaluation_is_due) last_saved_step_ = state.global_step;
  return LoadedCheckpoint{std::move(state), checkpoint->path};
}

void CheckpointKeeper::load_weights_and_moments(const fs::path& checkpoint) {
  if (const auto problem = checkpoint::verify_checkpoint_folder(checkpoint))
    throw UserError("`{}` must be a checkpoint that can be read, but {}; name another", checkpoint.string(), *problem);
  unit_.load_weights(checkpoint);
  load_optimizer(checkpoint, optimizer_);
  optimizer_.restore(0);
}

void CheckpointKeeper::load_best(const TrainerState& state) {
  if (run_ == nullptr || !state.best_global_step || *state.best_global_step == state.global_step) return;
  const fs::path best = run_->checkpoint_path(*state.best_global_step);
  if (const auto problem = checkpoint::verify_checkpoint_folder(best)) {
    log_warning("the last model is kept, because the best one cannot be read: {}", *problem);
    return;
  }
  save(state);
  unit_.load_weights(best);
  log_info("took the best model, of step {}", *state.best_global_step);
}

}  // namespace retort::train
