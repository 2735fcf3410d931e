// Sets the process up for work with tensors: device, memory, threads, kernels, and its process group.
#pragma once

#include "retort/train/training_config.h"

namespace retort::train {

// Sets up training: threads (divided among the ranks of one machine), kernels and the process group.
// Throws UserError and ProcessLostError as join_process_group does, and UserError as kernel::open_device does or where
// ranks compute on different kinds of devices.
void set_up_process(const TrainingConfig& training);

// Sets up inference.
void set_up_process(const RuntimeConfig& runtime);
// Sets up inference by all processes of the launcher; each gets its part of the threads.
void set_up_processes(const RuntimeConfig& runtime, double process_timeout);

}  // namespace retort::train
