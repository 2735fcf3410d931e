// The optimizers by name; optimizer.h describes what they compute.
#pragma once

#include <string>
#include <vector>

namespace retort::optim {

enum class OptimizerKind { kAdamW, kBertAdam, kLamb };

// Takes "adamw", "bertadam", "lamb". Throws UserError for other names.
OptimizerKind parse_optimizer(const std::string& name);
const std::vector<std::string>& optimizer_names();

}  // namespace retort::optim
