// The one training loop: draws steps from a Source, asks a TrainUnit for losses, updates the parameters, and around
// that logs, evaluates, saves and stops. All state is in TrainerState, the parameters and the optimizer's moments, so a
// run continues bit for bit from any checkpoint.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "retort/base/error.h"
#include "retort/checkpoint/run_folder.h"
#include "retort/data/source.h"
#include "retort/optim/optimizer.h"
#include "retort/optim/schedule.h"
#include "retort/train/event_log.h"
#include "retort/train/process_group.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"
#include "retort/train/tensorboard.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"
#include "retort/train/unit.h"

namespace retort::train {

struct TrainingSummary {
  int64_t steps = 0;
  double train_seconds = 0;  // of all parts of a resumed run
  int64_t sequences = 0, tokens = 0;
  double loss = 0;            // mean of the last stretch logged
  double overhead_share = 0;  // part of the time spent outside forward, backward and optimizer
  int64_t skipped_steps = 0;

  Json to_json() const;
};

class Trainer {
 public:
  // `run` may be null: then nothing is saved or logged to files (benchmarks, all processes but the main one).
  Trainer(TrainUnit& unit, data::Source& source, const TrainingConfig& config, checkpoint::RunFolder* run);

  // Restores the newest valid checkpoint of the run folder; false when there is none.
  bool resume();
  // Trains to the last step. Throws Interrupted after a signal (the state is saved), DivergenceError when too many
  // steps in a row were not finite. The model that it leaves in the unit is the last, or the best if so configured.
  TrainingSummary run();
  // Writes the checkpoint of the step that it stands at. Whether there is one now: no folder has none, and a full disk
  // is a warning.
  bool save();

  int64_t step() const { return state_.global_step; }
  int64_t total_steps() const { return schedule_.total_steps; }

 private:
  struct StepResult {
    double loss = 0, gradient_norm = 0;
    bool is_finite = true;
  };
  // What a process adds to the loss of a step, and what that is made of.
  struct LossShare {
    double loss = 0;
    std::map<std::string, double> parts = {};

    void add_parts(const std::vector<loss::LossTerm>& terms, const std::vector<double>& counts);
  };

  void begin_together();
  void leave_if_stopped(StopSignal& stop, int64_t signal_of_any);
  StepResult take_step();
  LossShare forward_backward(const data::StepBatch& batch);
  LossShare sum_shares(const LossShare& own) const;
  std::optional<std::string> maybe_not_finite() const;  // the first such parameter
  void check_result() const;
  void handle_nonfinite(const data::StepBatch& batch, const StepResult& result);
  void after_step(const StepResult& result);
  void log_stretch(const StepResult& result);
  void evaluate_and_keep_best();
  void keep_as_best(double score);
  void write_checkpoint(const fs::path& folder) const;
  void load_checkpoint(const fs::path& folder);
  void go_on_from(TrainerState state);
  int64_t steps_in_all() const;
  void restore_best();
  void open_logs(std::optional<int64_t> resumed_step);
  double fraction_of_epoch() const;
  double overhead_share() const;  // waiting for data, logging, saving

  [[noreturn]] void save_after_loss(const ProcessLostError& lost);

  const ProcessGroup& group_;
  TrainUnit& unit_;
  data::Source& source_;
  TrainingConfig config_;
  checkpoint::RunFolder* run_;
  optim::Optimizer optimizer_;
  TrainerState state_;
  optim::Schedule schedule_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;
  std::unique_ptr<Progress> progress_;
  int64_t skipped_in_a_row_ = 0;
  double work_seconds_ = 0;                  // in forward, backward and optimizer, by this process
  bool has_ended_ = false;                   // the last step is taken
  double started_ = 0, seconds_before_ = 0;  // this process's start; train_seconds of earlier ones
  double stretch_started_ = 0;
  int64_t stretch_sequences_ = 0, stretch_tokens_ = 0;
  double last_loss_ = 0;
  int64_t last_saved_step_ = -1;
};

}  // namespace retort::train
