// Keeps the checkpoints of a run: when one is written, which is the best, and what the run loads from them. The folder
// removes those beyond `save_total_limit`, the oldest first, never the best.
#pragma once

#include <optional>

#include "retort/checkpoint/run_folder.h"
#include "retort/optim/optimizer.h"
#include "retort/train/process_group.h"
#include "retort/train/sharded_moments.h"
#include "retort/train/trainer_state.h"
#include "retort/train/unit.h"

namespace retort::train {

struct LoadedCheckpoint {
  TrainerState state;
  fs::path path;
};

class CheckpointKeeper {
 public:
  // `run` may be null: then nothing is saved or loaded. `save_steps` is the interval; 0: none is due. What is referred
  // to must outlive the keeper.
  CheckpointKeeper(checkpoint::RunFolder* run, TrainUnit& unit, optim::Optimizer& optimizer, int64_t save_steps,
                   const ProcessGroup& group = process_group())
      : run_(run), unit_(unit), optimizer_(optimizer), save_steps_(save_steps), group_(group) {}

  // Whether a checkpoint is to be written after this step: one of the interval, or the last.
  bool is_due(const TrainerState& state) const;

  // Writes the checkpoint of state.global_step, unless it is there. Returns whether it is there now: a full disk is a
  // warning. With a sharded optimizer a collective, which brings the moments to the process that has the run folder.
  bool save(const TrainerState& state);
  // Whether the checkpoint of this step is there.
  bool has_saved(int64_t step) const { return last_saved_step_ == step; }

  // Writes a checkpoint of the best score so far, which says of itself that it is the best. When it cannot be written,
  // the earlier one stays the best.
  void keep_best(double score, TrainerState& state);

  // Loads weights and moments of the newest checkpoint that is whole, and returns its state; empty without one.
  std::optional<LoadedCheckpoint> maybe_load_newest();

  // Loads weights and moments, but no counters, of a checkpoint of another run. Throws UserError when it is damaged or
  // belongs to another model.
  void load_weights_and_moments(const fs::path& checkpoint);

  // Loads the weights of the best checkpoint, unless the last step is the best. The last step is saved first, because
  // a run could not be resumed from it without its weights. A damaged checkpoint is a warning.
  void load_best(const TrainerState& state);

  // Where the checkpoint of a step lies; empty without a folder.
  std::string path_of(int64_t step) const { return run_ == nullptr ? "" : run_->checkpoint_path(step).string(); }

 private:
  bool save(const TrainerState& state, MomentCollector* collector);
  void write(const fs::path& folder, const TrainerState& state, MomentCollector* collector) const;

  checkpoint::RunFolder* run_;
  TrainUnit& unit_;
  optim::Optimizer& optimizer_;
  int64_t save_steps_;
  const ProcessGroup& group_;
  int64_t last_saved_step_ = -1;
};

}  // namespace retort::train
