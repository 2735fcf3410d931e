// A run of training in its output folder: what every training recipe does before, around and behind its own.
#pragma once

#include <optional>

#include "retort/checkpoint/run_folder.h"
#include "retort/data/source.h"
#include "retort/recipe/model_folder.h"
#include "retort/train/training_config.h"
#include "retort/train/unit.h"

namespace retort::recipe {

// How the trainer's source draws its steps.
data::ShuffledSourceOptions source_options(const train::TrainingConfig& training);

// How a model is made for training.
model::ModelOptions training_model_options(const train::TrainingConfig& training);

class TrainingRun {
 public:
  // Sets up threads and kernels, joins the other processes, and locks the output folder as the settings ask (new,
  // overwrite, resume). `settings` are what the folder keeps. The configurations must outlive it.
  TrainingRun(const train::TrainingConfig& training, const train::OutputConfig& output, Json settings);

  // Only the main process of a group has the folder; the others have nothing to do once they have trained.
  bool has_folder() const { return folder_.has_value(); }
  const fs::path& path() const { return folder_->path(); }

  // Trains, from the newest checkpoint where the settings ask for it. Returns the rates that results.json holds.
  Json train(train::TrainUnit& unit, data::Source& source);

  // Publishes model, tokenizer, model card and results.json in the folder, then the DONE marker. `task` is for the
  // card.
  void finish(const LoadedModel& loaded, const std::string& task, const Json& results);

 private:
  const train::TrainingConfig& training_;
  const train::OutputConfig& output_;
  Json settings_;
  std::optional<checkpoint::RunFolder> folder_;
};

}  // namespace retort::recipe
