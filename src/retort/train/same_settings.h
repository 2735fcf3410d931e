// All processes of a run must have the same settings; otherwise they would wait for each other or train on different
// data.
#pragma once

#include <string>
#include <vector>

#include "retort/base/json.h"
#include "retort/train/process_group.h"

namespace retort::train {

// Compares a hash of `settings` over all ranks. Throws UserError on all ranks when one differs; the message names the
// first setting that does, and both values. What belongs to one process (its threads, its output folder) may differ.
void check_same_settings(const ProcessGroup& group, const Json& settings);

// The sentence of that error: where `settings` of some rank differ from those of rank 0; empty when all are equal.
std::string settings_difference(const std::vector<Json>& settings);

}  // namespace retort::train
