// What every training recipe on a GLUE task does around its own loss: model and rows in, trained model, predictions and
// scores out.
#pragma once

#include <functional>
#include <memory>

#include "retort/pretrained/model_source.h"
#include "retort/task/glue_config.h"
#include "retort/task/glue_unit.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct GlueRun {
  const pretrained::ModelSource& model;
  const GlueDataConfig& data;
  const train::TrainingConfig& training;
  const train::OutputConfig& output;
  Json settings;  // as the folder keeps them
  // Called once the model is there, before rows are read; may be empty.
  std::function<void(pretrained::LoadedModel& loaded)> check_model = {};
};

// What a unit is made from once it is there; `dev` is empty in all processes but the main one.
struct GlueMaterial {
  pretrained::LoadedModel& loaded;
  const data::RowSet& rows;  // of training
  std::span<const GlueSet> dev;
};
using MakeGlueUnit = std::function<std::unique_ptr<GlueUnit>(const GlueMaterial& material)>;

// Returns the scores and rates that results.json holds.
Json train_glue(const GlueRun& run, const MakeGlueUnit& make_unit);

}  // namespace retort::task
