// The steps that all training commands on GLUE share: load the model, load the data sets, write the final predictions
// and scores.
#pragma once

#include <vector>

#include "retort/pretrained/model_folder.h"
#include "retort/task/glue.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Loads the model with a head for the classes of the task; the head gets random weights if the folder has none.
pretrained::LoadedModel load_glue_model(const pretrained::ModelSource& source, const GlueDataConfig& config,
                                        const train::TrainingConfig& training);

struct GlueTrainingSets {
  data::GlueRowSet train;
  std::vector<GlueSet> dev, test;  // only on rank 0
};
// Reads all files of the task; rank 0 makes the feature cache for the group. Throws UserError for invalid files.
GlueTrainingSets load_glue_sets(const GlueDataConfig& config, const train::TrainingConfig& training,
                                const pretrained::LoadedModel& loaded);

// Predicts dev and test sets, writes predictions and scores into the folder and finishes the run. Returns the scores
// and `rates`, the content of results.json; null on ranks without the folder.
Json finish_glue_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const GlueDataConfig& config,
                     const GlueTrainingSets& sets, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
