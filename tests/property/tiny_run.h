// A short question-answering run inside the test's process, made as finetune_squad makes it, so that a test can raise a
// signal during a step or read the parameters afterwards.
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

// Trains with `config`, and evaluates on its dev file when it names one. Calls `before_step` before each optimizer step
// with its number, from 1. Without `output_dir` nothing is saved. Throws what Trainer::run throws; its checkpoints stay
// in the folder.
RunResult train_tiny(const recipe::FinetuneSquadConfig& config, const BeforeStep& before_step = {});

// The same in a recipe::TrainingRun, as recipes do it: training, `evaluation` as the final evaluation, then the
// finished folder.
Json run_recipe(const recipe::FinetuneSquadConfig& config, const std::function<Json()>& evaluation);

// ||a - b|| / ||b|| of two runs' parameters.
double relative_difference(const RunResult& a, const RunResult& b);

}  // namespace retort::property
