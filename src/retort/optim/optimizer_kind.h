// The optimizers by name; what they compute stands in optimizer.h.
#pragma once

#include <string>
#include <vector>

namespace retort::optim {

enum class OptimizerKind { kAdamW, kBertAdam, kLamb };

// "adamw", "bertadam", "lamb". Throws UserError for others.
OptimizerKind parse_optimizer(const std::string& name);
const std::vector<std::string>& optimizer_names();

}  // namespace retort::optim
