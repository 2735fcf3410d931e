// What a run must have in common with the one that it continues: everything that its data order is made from.
#pragma once

#include "retort/data/source.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"

namespace retort::train {

// Throws UserError unless a run in this state can be continued with these settings and data.
void check_continues(const ResumeState& state, const TrainingConfig& config, const data::Source& source);

}  // namespace retort::train
