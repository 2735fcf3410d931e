// All processes of a run must have the same settings and data; otherwise they would wait for each other, or train one
// model towards different ends.
#pragma once

#include <string>
#include <vector>

#include "retort/base/json.h"
#include "retort/data/source.h"
#include "retort/train/process_group.h"

namespace retort::train {

// Compares a hash of `settings` over all ranks. Throws UserError on all ranks when one differs; the message names the
// first setting that does, and both values. What belongs to one process (its threads, its output folder) may differ.
void check_same_settings(const ProcessGroup& group, const Json& settings);

// The same for the training data: their number of sequences, the length of an epoch and a hash of their content.
void check_same_data(const ProcessGroup& group, const data::Source& source);

// The middle of these sentences: where `settings` of some rank differ from those of rank 0; empty when all are equal.
std::string settings_difference(const std::vector<Json>& settings);

}  // namespace retort::train
