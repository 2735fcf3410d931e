// The data source's options that follow from the training settings.
#pragma once

#include "retort/data/source.h"
#include "retort/train/training_config.h"

namespace retort::train {

// Batch size, gradient accumulation, token budget and shuffling as `training` sets them, for this process of the group.
data::ShuffledSourceOptions source_options(const TrainingConfig& training);

}  // namespace retort::train
