// What every training command on SQuAD does before and after its own loss: the model, the data sets, the final
// predictions and scores.
#pragma once

#include <memory>
#include <optional>

#include "retort/pretrained/model_folder.h"
#include "retort/task/squad.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Loads the model with a head for question answering, which is initialized at random where the folder has none.
// `may_start_body`: a folder with only config.json and a vocabulary starts from random weights.
pretrained::LoadedModel load_squad_model(const pretrained::ModelSource& source, const train::TrainingConfig& training,
                                         bool may_start_body = false);

struct SquadTrainingSets {
  data::SquadRowSet train;                      // features with labels
  std::optional<data::SquadEvaluationSet> dev;  // of the main process, where there is a dev file

  const data::SquadEvaluationSet* maybe_dev() const { return dev ? &*dev : nullptr; }
};
// Reads both files; the main process makes the feature cache for the group. Throws UserError for bad files.
SquadTrainingSets load_squad_sets(const SquadDataConfig& config, const train::TrainingConfig& training,
                                  const pretrained::LoadedModel& loaded);

// Predicts the dev set, writes predictions and scores into the folder and finishes the run there. Returns the scores
// with `rates`, what results.json holds; nothing for processes without the folder.
Json finish_squad_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                      const data::SquadEvaluationSet* dev, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
