// What every training recipe on SQuAD does around its own loss: model and questions in, trained model, predictions and
// scores out.
#pragma once

#include <functional>
#include <memory>

#include "retort/pretrained/model_source.h"
#include "retort/task/squad_config.h"
#include "retort/task/squad_unit.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct SquadRun {
  const pretrained::ModelSource& model;
  const SquadDataConfig& data;
  const train::TrainingConfig& training;
  const train::OutputConfig& output;
  Json settings;                // as the folder keeps them
  bool may_start_body = false;  // a folder with config.json and vocabulary alone starts from random weights
  // Called once the model is there, before questions are read; may be empty.
  std::function<void(pretrained::LoadedModel& loaded)> check_model = {};
};

// What a unit is made from once it is there; `dev` is null without a dev file.
struct SquadMaterial {
  pretrained::LoadedModel& loaded;
  const data::RowSet& rows;  // of training
  const data::SquadEvaluationSet* dev;
};
using MakeSquadUnit = std::function<std::unique_ptr<SquadUnit>(const SquadMaterial& material)>;

// Returns the scores and rates that results.json holds.
Json train_squad(const SquadRun& run, const MakeSquadUnit& make_unit);

}  // namespace retort::task
