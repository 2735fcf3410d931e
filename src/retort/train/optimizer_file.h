// The optimizer's state as `optimizer.safetensors` in a checkpoint: both moments of every trained parameter by name, in
// float32, and the number of updates.
#pragma once

#include "retort/base/file.h"
#include "retort/optim/optimizer.h"
#include "retort/train/sharded_moments.h"

namespace retort::train {

inline constexpr const char* kOptimizerFile = "optimizer.safetensors";

// `collector` brings the moments of a sharded optimizer to this process; null: they are here.
void save_optimizer(const fs::path& checkpoint, const optim::Optimizer& optimizer,
                    MomentCollector* collector = nullptr);
// Throws UserError when the file's tensors are not those of this optimizer.
void load_optimizer(const fs::path& checkpoint, optim::Optimizer& optimizer);

}  // namespace retort::train
