// The optimizer's state as `optimizer.safetensors` in a checkpoint: both moments of every trained parameter by name, in
// float32, and the number of updates.
#pragma once

#include "retort/base/file.h"
#include "retort/optim/optimizer.h"

namespace retort::train {

inline constexpr const char* kOptimizerFile = "optimizer.safetensors";

void save_optimizer(const fs::path& checkpoint, const optim::Optimizer& optimizer);
// Throws UserError when the file's tensors are not those of this optimizer.
void load_optimizer(const fs::path& checkpoint, optim::Optimizer& optimizer);

}  // namespace retort::train
