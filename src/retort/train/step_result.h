// What the trainer knows after an optimizer step.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace retort::train {

struct StepResult {
  double loss = 0;                                // the total over all ranks
  std::map<std::string, double> components = {};  // the losses in it by name, without their weights; empty for one
  double gradient_norm = 0;                       // before clipping
  double learning_rate = 0;
  bool is_finite = true;  // false: loss or gradient is not, and the update was skipped
  int64_t sequences = 0, tokens = 0;
  double communication_seconds = 0, hidden_seconds = 0;  // of the all-reduce of gradients; see CommunicationTime
};

}  // namespace retort::train
