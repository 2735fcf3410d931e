// The counts of an optimizer step, which divide its loss terms.
#pragma once

#include "retort/data/source.h"
#include "retort/loss/step_counts.h"

namespace retort::train {

// Counts all micro-batches of the step, those of other processes too. Every process holds the whole step, so all
// processes have the same counts without an all-reduce.
loss::StepCounts count_step(const data::StepBatch& step);

}  // namespace retort::train
