// What every training recipe on a GLUE task does around its own loss: model and rows in, trained model, predictions and
// scores out.
#pragma once

#include <functional>
#include <memory>

#include "retort/recipe/glue_config.h"
#include "retort/recipe/glue_unit.h"
#include "retort/recipe/model_source.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct GlueRun {
  const ModelSource& model;
  const GlueDataConfig& data;
  const train::TrainingConfig& training;
  const train::OutputConfig& output;
  Json settings;  // as the folder keeps them
};

// Makes the unit once the model is there, before the rows are read.
using MakeGlueUnit = std::function<std::unique_ptr<GlueUnit>(LoadedModel& loaded)>;

// Returns the scores and rates that results.json holds.
Json train_glue(const GlueRun& run, const MakeGlueUnit& make_unit);

}  // namespace retort::recipe
