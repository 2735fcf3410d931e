// Sets the process up for work with tensors: memory, threads, kernels, and the group of processes that it belongs to.
#pragma once

#include <cstdint>
#include <string>

#include "retort/train/training_config.h"

namespace retort::train {

// For training: as the settings ask, with the process's share of the threads where several processes train one model.
// Throws UserError and ProcessLostError as join_process_group does.
void set_up_process(const TrainingConfig& training);

// For running a model: `threads` of 0 are as many as the machine grants; `kernels` is "fused" or "reference".
void set_up_process(int64_t threads, const std::string& kernels);

}  // namespace retort::train
