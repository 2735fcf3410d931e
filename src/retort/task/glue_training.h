// What every training command on a GLUE task does before and after its own loss: the model, the data sets, the final
// predictions and scores.
#pragma once

#include <vector>

#include "retort/pretrained/model_folder.h"
#include "retort/task/glue.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Loads the model with a head for the classes of the task, which is initialized at random where the folder has none.
pretrained::LoadedModel load_glue_model(const pretrained::ModelSource& source, const GlueDataConfig& config,
                                        const train::TrainingConfig& training);

struct GlueTrainingSets {
  data::GlueRowSet train;
  std::vector<GlueSet> dev, test;  // only of the main process
};
// Reads all files of the task; the main process makes the feature cache for the group. Throws UserError for bad files.
GlueTrainingSets load_glue_sets(const GlueDataConfig& config, const train::TrainingConfig& training,
                                const pretrained::LoadedModel& loaded);

// Predicts dev and test sets, writes predictions and scores into the folder and finishes the run there. Returns the
// scores with `rates`, what results.json holds; nothing for processes without the folder.
Json finish_glue_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const GlueDataConfig& config,
                     const GlueTrainingSets& sets, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
