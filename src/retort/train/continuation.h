// Checks that a resumed run has the data order of the run that it continues: same seed, same data, and where the order
// depends on it, the same number of sequences in a step.
#pragma once

#include <string>

#include "retort/data/source.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"

namespace retort::train {

// Throws UserError unless a run in this state can be continued with these settings and data; `data_hash` is that of
// the source, or empty.
void check_continues(const ResumeState& state, const TrainingConfig& config, const data::Source& source,
                     const std::string& data_hash);

}  // namespace retort::train
