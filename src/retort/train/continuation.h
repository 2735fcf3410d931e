// What a run must have in common with the one that it continues: everything that its data order is made from.
#pragma once

#include <string>

#include "retort/data/source.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"

namespace retort::train {

// Throws UserError unless a run in this state can be continued with these settings and data; `data_hash` is the
// source's.
void check_continues(const ResumeState& state, const TrainingConfig& config, const data::Source& source,
                     const std::string& data_hash);

}  // namespace retort::train
