// Sets the process up for work with tensors: memory, threads, kernels, and its process group.
#pragma once

#include <cstdint>
#include <string>

#include "retort/train/training_config.h"

namespace retort::train {

// Sets up training: threads (divided among the ranks of one machine), kernels and the process group.
// Throws UserError and ProcessLostError as join_process_group does.
void set_up_process(const TrainingConfig& training);

// Sets up inference. `threads` 0: as many as the machine grants; `kernels` is "fused" or "reference".
void set_up_process(int64_t threads, const std::string& kernels);

}  // namespace retort::train
