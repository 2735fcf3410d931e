// How the settings of a run cut its training data into optimizer steps and micro-batches.
#pragma once

#include "retort/data/source.h"
#include "retort/train/training_config.h"

namespace retort::train {

// The options of the source that this rank draws its steps from.
data::ShuffledSourceOptions source_options(const TrainingConfig& training);

}  // namespace retort::train
