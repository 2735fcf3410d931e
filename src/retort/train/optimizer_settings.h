// The optimizer and the learning-rate schedule that the settings of a run ask for.
#pragma once

#include "retort/optim/optimizer.h"
#include "retort/optim/schedule.h"
#include "retort/train/training_config.h"

namespace retort::train {

optim::OptimizerOptions optimizer_options(const TrainingConfig& config);
optim::Schedule make_schedule(const TrainingConfig& config, int64_t total_steps);

}  // namespace retort::train
