// What a run reports while it trains: the progress line, one line of train_log.jsonl and one point of TensorBoard's
// curves per logging window, and log_history in trainer_state.json. A logging window is the steps since the last line;
// its sums are part of TrainerState, so the line after a resume is the same as without the stop.
#pragma once

#include <memory>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/train/event_log.h"
#include "retort/train/progress.h"
#include "retort/train/step_result.h"
#include "retort/train/tensorboard.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_clock.h"
#include "retort/train/training_config.h"

namespace retort::train {

class TrainingReport {
 public:
  // `folder` is the run's; empty: no files are written. `clock` must outlive the report.
  TrainingReport(const TrainingConfig& config, fs::path folder, const TrainingClock& clock);

  // Gives all settings of the run and the number of its model's parameters, which `open` writes at the beginning of the
  // event log, with the units of its values. Without them, the log begins with its first window.
  void set_settings(Json settings, int64_t num_parameters) {
    settings_ = std::move(settings), num_parameters_ = num_parameters;
  }

  // Opens the files and shows the progress line, both at the step of `state`. Throws UserError when a file cannot be
  // opened.
  void open(const TrainerState& state, ProgressSink sink = stderr_progress_sink());

  // Adds the step that `state` now counts to the window, and ends the window when a line is due.
  void add_step(const StepResult& result, TrainerState& state);
  // Writes the scores of an evaluation to all logs.
  void add_evaluation(const Json& scores, TrainerState& state);
  // Writes the smaller token budget that micro-batches have from the next step on.
  void add_micro_batch_tokens(const TrainerState& state);
  // Writes the totals of the run.
  void add_summary(const Json& totals);

  // Takes the progress line off the terminal, so that a message can be written.
  void clear_progress();
  void finish_progress();

  // Mean of the last window; of a step when no window has ended since.
  double last_loss() const { return last_loss_; }

 private:
  void write_beginning(const TrainerState& state);
  Json window_values(const StepResult& result, const TrainerState& state) const;
  void end_window(const StepResult& result, TrainerState& state);
  void begin_window(ResumeState& state);

  const TrainingConfig& config_;
  fs::path folder_;
  Json settings_;
  int64_t num_parameters_ = 0;
  const TrainingClock& clock_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<TensorBoardWriter> tensorboard_;
  std::unique_ptr<Progress> progress_;
  double window_started_ = 0;  // training seconds
  int64_t window_sequences_ = 0, window_tokens_ = 0;
  double window_communication_ = 0, window_hidden_ = 0;  // seconds
  double last_loss_ = 0;
};

}  // namespace retort::train
