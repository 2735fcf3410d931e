// One training run in its output folder: the calls that all training recipes share.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "retort/checkpoint/run_folder.h"
#include "retort/data/source.h"
#include "retort/pretrained/model_folder.h"
#include "retort/train/trainer.h"
#include "retort/train/training_config.h"
#include "retort/train/unit.h"

namespace retort::task {

// The model options of training.
model::ModelOptions training_model_options(const train::TrainingConfig& training);

class TrainingRun {
 public:
  // Sets up threads and kernels, joins the process group, whose ranks must have equal settings, and locks the output
  // folder as the settings ask (new, overwrite, resume). The folder stores `settings`. The configurations must outlive
  // the run.
  TrainingRun(const train::TrainingConfig& training, const train::OutputConfig& output, Json settings);

  // Only rank 0 has the folder; the other ranks finish after training.
  bool has_folder() const { return folder_.has_value(); }
  const fs::path& path() const { return folder_->path(); }

  // Returns the results of an already finished run that `resume` found, on every rank. Empty for a new run. Throws
  // UserError as the other members do.
  std::optional<Json> maybe_finished() const { return finished_; }

  // Whether the run continues from a checkpoint; the same on every rank.
  bool continues_a_run() const { return continues_; }

  // Throws UserError when the run continues with other data than before. Call it before long computations.
  void check_continues(const data::Source& source) const;

  // Starts the run from the weights and moments of a checkpoint of another run, unless it is resumed; see
  // train::Trainer::start_from. Call it before `train`.
  void start_from(const fs::path& checkpoint) { initial_checkpoint_ = checkpoint; }
  // The same with moments that `fill` writes, and continuing after `step`; see train::Trainer::start_with.
  void start_with(std::function<void(optim::Optimizer&)> fill, int64_t step) {
    fill_moments_ = std::move(fill), initial_step_ = step;
  }

  // Trains, from the newest checkpoint if the settings ask for it, and writes the model into the folder. Returns the
  // rates for results.json. `unit` and `source` must live until `evaluate` has returned.
  Json train(train::TrainUnit& unit, data::Source& source);

  // Whether `train` paused before the last step, as --steps_this_run asks: then there is a checkpoint, and nothing is
  // published.
  bool is_paused() const { return trainer_ != nullptr && trainer_->is_paused(); }

  // Runs the final evaluation, after `train`, on every rank. When a signal or an error stops it, saves the trained
  // state as a checkpoint, so that --resume only evaluates.
  Json evaluate(const std::function<Json()>& evaluation);

  // Writes model card and results.json, then the DONE marker. `task` is for the card.
  void finish(const pretrained::LoadedModel& loaded, const std::string& task, const Json& results);

 private:
  void lock_folder();
  std::optional<Json> read_finished_results() const;

  const train::TrainingConfig& training_;
  const train::OutputConfig& output_;
  Json settings_;
  std::optional<checkpoint::RunFolder> folder_;
  std::optional<Json> finished_;
  bool continues_ = false;
  fs::path initial_checkpoint_;  // empty: none
  std::function<void(optim::Optimizer&)> fill_moments_;
  int64_t initial_step_ = 0;
  std::optional<train::StopSignal> stop_;    // from the first step to the end of the evaluation
  std::unique_ptr<train::Trainer> trainer_;  // set by `train`
};

}  // namespace retort::task
