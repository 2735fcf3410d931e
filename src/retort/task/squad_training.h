// The steps that all training commands on SQuAD share: load the model, load the data sets, write the final predictions
// and scores.
#pragma once

#include <memory>
#include <optional>

#include "retort/pretrained/model_folder.h"
#include "retort/task/squad.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Loads the model with a question-answering head, which gets random weights if the folder has none.
// `may_initialize_encoder`: a folder with only config.json and a vocabulary gets random weights.
pretrained::LoadedModel load_squad_model(const pretrained::ModelSource& source, const train::TrainingConfig& training,
                                         bool may_initialize_encoder = false);

struct SquadTrainingSets {
  data::SquadRowSet train;                      // features with labels
  std::optional<data::SquadEvaluationSet> dev;  // if there is a dev file

  const data::SquadEvaluationSet* maybe_dev() const { return dev ? &*dev : nullptr; }
};
// Reads both files; rank 0 makes the feature cache for the group. Throws UserError for invalid files.
SquadTrainingSets load_squad_sets(const SquadDataConfig& config, const train::TrainingConfig& training,
                                  const pretrained::LoadedModel& loaded);

// Predicts the dev set, writes predictions and scores into the folder and finishes the run. Returns the scores and
// `rates`, the content of results.json; null on ranks without the folder.
Json finish_squad_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                      const data::SquadEvaluationSet* dev, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
