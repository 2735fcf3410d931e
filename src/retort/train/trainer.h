// The one training loop: draws steps from a Source, asks a TrainUnit for losses and updates the parameters. Around each
// step it reports (training_report.h), evaluates, saves (checkpoint_keeper.h) and stops on a signal. All state is in
// TrainerState, the parameters and the optimizer's moments, so a run continues bit for bit from any checkpoint.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/checkpoint/run_folder.h"
#include "retort/data/source.h"
#include "retort/optim/optimizer.h"
#include "retort/optim/schedule.h"
#include "retort/train/checkpoint_keeper.h"
#include "retort/train/execution_mode.h"
#include "retort/train/gradient_reducer.h"
#include "retort/train/loss_scale.h"
#include "retort/train/micro_batch_memory.h"
#include "retort/train/process_group.h"
#include "retort/train/step_readout.h"
#include "retort/train/step_result.h"
#include "retort/train/stop_signal.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_clock.h"
#include "retort/train/training_config.h"
#include "retort/train/training_report.h"
#include "retort/train/unit.h"

namespace retort::train {

struct TrainingSummary {
  int64_t steps = 0;
  double train_seconds = 0;  // of all processes of a resumed run
  int64_t sequences = 0, tokens = 0;
  double loss = 0;            // mean of the last logging window
  double overhead_share = 0;  // part of the time spent outside forward, backward and optimizer
  int64_t skipped_steps = 0;

  Json to_json() const;
};

class Trainer {
 public:
  // `run` may be null: then nothing is saved or logged to files (benchmarks, all ranks but 0). What is referred to must
  // outlive the trainer.
  Trainer(TrainUnit& unit, data::Source& source, const TrainingConfig& config, checkpoint::RunFolder* run);

  // Gives all settings of the run for its event log; call it before `run`.
  void log_settings(Json settings) { report_.set_settings(std::move(settings), unit_.parameters().parameter_count()); }

  // Restores the newest valid checkpoint of the run folder; false when there is none.
  bool resume();
  // Starts a new run from the weights and the moments of another run's checkpoint, as the second phase of pre-training
  // does: step counter, schedule and data order begin anew. Call it before run(), instead of resume(). Throws UserError
  // when the checkpoint is damaged or belongs to another model.
  void start_from(const fs::path& checkpoint);
  // The same from the moments that `fill` writes, with the weights that the unit has. The optimizer, the schedule and
  // the step counter go on after `step` updates, and the data where a run with this step size stands then; 0: all begin
  // anew.
  void start_with(const std::function<void(optim::Optimizer&)>& fill, int64_t step);
  // Trains to the last step, or pauses after `steps_this_run` of them with a checkpoint; see is_paused(). Throws
  // Interrupted after a signal (the state is saved), DivergenceError when too many steps in a row were not finite,
  // ProcessLostError when another rank failed (rank 0 has saved the state). The model that it leaves in the unit is the
  // last, or the best if so configured.
  TrainingSummary run();
  // Writes the checkpoint of the current step. Returns whether there is one now: without a folder there is none, and a
  // full disk is a warning.
  bool save();

  int64_t global_step() const { return state_.global_step; }
  int64_t total_steps() const { return schedule_.total_steps; }
  // Whether run() returned before the last step.
  bool is_paused() const { return state_.global_step < schedule_.total_steps; }

 private:
  void synchronize_ranks();
  EstimateInputs estimate_inputs() const;
  void set_up_loss_scale();
  void train_steps(StopSignal& stop);
  // A step whose update is given to the device and whose numbers are not read yet.
  struct IssuedStep {
    data::StepBatch batch;
    StepResult result;
    StepReadout readout;
    data::SourcePosition next;  // of the step after it
  };
  void issue_step();
  at::Tensor compute_gradients(IssuedStep& issued);
  void begin_again(IssuedStep& issued, MemoryShortage shortage);
  [[noreturn]] void save_and_refuse_sequence(const data::StepBatch& batch);
  bool must_flush() const;
  void flush();
  void account(IssuedStep& issued, std::map<std::string, double> numbers);
  double note_loss_scale(std::map<std::string, double>& numbers);
  void note_skipped(const data::StepBatch& batch, const StepResult& result, double loss_scale);
  void after_step(const StepResult& result, const data::SourcePosition& next);
  bool is_evaluation_due(int64_t step, const data::SourcePosition& next) const;
  void evaluate();
  Json evaluate_unit();
  std::optional<double> maybe_better_score(const Json& scores);
  void make_main_whole();
  void load_best();
  void note_position();
  void stop_if_requested(StopSignal& stop, int64_t signal_of_any_rank);
  [[noreturn]] void save_and_rethrow(const ProcessLostError& failure);
  void continue_from(TrainerState state);
  int64_t count_total_steps() const;
  TrainingSummary summarize() const;

  const ProcessGroup& group_;
  TrainUnit& unit_;
  data::Source& source_;
  const TrainingConfig config_;
  optim::Optimizer optimizer_;
  GradientReducer reducer_;
  MicroBatchMemory memory_;
  TrainerState state_;
  optim::Schedule schedule_;
  TrainingClock clock_;
  TrainingReport report_;
  CheckpointKeeper checkpoints_;
  ExecutionMode mode_;
  LossScale loss_scale_;  // in fp16
  int64_t skipped_in_a_row_ = 0;
  std::vector<IssuedStep> issued_;   // since the last flush
  bool has_loaded_moments_ = false;  // on rank 0
};

}  // namespace retort::train
