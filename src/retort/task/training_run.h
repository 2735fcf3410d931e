// A run of training in its output folder: what every training recipe does before, around and after its own work.
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

// How a model is made for training.
model::ModelOptions training_model_options(const train::TrainingConfig& training);

class TrainingRun {
 public:
  // Sets up threads and kernels, joins the other processes, which must have the same settings, and locks the output
  // folder as the settings ask (new, overwrite, resume). `settings` are what the folder keeps. The configurations must
  // outlive the run.
  TrainingRun(const train::TrainingConfig& training, const train::OutputConfig& output, Json settings);

  // Only the main process of a group has the folder; the others have nothing to do once they have trained.
  bool has_folder() const { return folder_.has_value(); }
  const fs::path& path() const { return folder_->path(); }

  // The results of a run that `resume` finds finished, for every process of the group: there is nothing left to do.
  // Empty for the processes that have no folder. Throws UserError as the other members do.
  std::optional<Json> maybe_finished() const { return finished_; }

  // Throws UserError where the run is continued with other data than it was begun with: to be called before long work.
  void check_continues(const data::Source& source) const;

  // The run starts from the weights and moments of this checkpoint of another run, unless it is resumed; see
  // train::Trainer::start_from. To be called before `train`.
  void start_from(const fs::path& checkpoint) { initial_checkpoint_ = checkpoint; }

  // Trains, from the newest checkpoint where the settings ask for it, and publishes the model in the folder. Returns
  // the rates that results.json holds. `unit` and `source` must live until `evaluate` has returned.
  Json train(train::TrainUnit& unit, data::Source& source);

  // Whether `train` paused before the last step, as --steps_this_run asks: then there is a checkpoint, and nothing is
  // published.
  bool is_paused() const { return trainer_ != nullptr && trainer_->is_paused(); }

  // The final evaluation, after `train`. When a signal cuts it off, or it fails, the trained state is saved as a
  // checkpoint first, so that --resume only evaluates it.
  Json evaluate(const std::function<Json()>& evaluation);

  // Publishes model card and results.json, then the DONE marker. `task` is for the card.
  void finish(const pretrained::LoadedModel& loaded, const std::string& task, const Json& results);

 private:
  void take_folder();
  std::optional<Json> look_for_finished() const;

  const train::TrainingConfig& training_;
  const train::OutputConfig& output_;
  Json settings_;
  std::optional<checkpoint::RunFolder> folder_;
  std::optional<Json> finished_;
  fs::path initial_checkpoint_;  // empty: none
  std::optional<train::StopSignal> stop_;    // from the first step to the end, the evaluation in between included
  std::unique_ptr<train::Trainer> trainer_;  // once it trains
};

}  // namespace retort::task
