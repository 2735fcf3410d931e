// A short question-answering run inside the test's own process, put together as finetune_squad does it, so that a test
// can step in: send a signal during step k, or look at the parameters afterwards.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "recipe/tiny_world.h"
#include "retort/task/squad_unit.h"
#include "retort/train/trainer.h"

namespace retort::property {

struct RunResult {
  std::string parameters;  // bytes of all float32 values, in the order of the store
  train::TrainingSummary summary;
};

using BeforeStep = std::function<void(int64_t step, kernel::ParameterStore& parameters)>;

// Trains as `config` says, and evaluates on its dev file where it says so. `before_step` is called with the number,
// from 1, of each optimizer step about to be taken. Without `output_dir` nothing is saved. Throws what Trainer::run
// throws; its checkpoints stay in the folder.
RunResult train_tiny(const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step = {});

// The same as recipes do it: training in a recipe::TrainingRun, `evaluation` as its final one, then the finished
// folder.
Json run_recipe(const recipe::FinetuneSquadConfig& config, const std::function<Json()>& evaluation);

// ||a - b|| / ||b|| of two runs' parameters.
double relative_difference(const RunResult& a, const RunResult& b);

}  // namespace retort::property
