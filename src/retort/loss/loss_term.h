// What a task's loss is to the trainer: a sum that can be differentiated and the number of things summed. The trainer
// adds sums and counts over micro-batches (and processes) and divides once, so the gradient of a step does not depend
// on how the step was cut.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace retort::loss {

struct LossTerm {
  std::string name;   // for logs: "loss", "loss_start", ...
  at::Tensor sum;     // scalar float32
  double count = 0;   // sequences, tokens, ... that the sum runs over; 0: nothing to learn from
  double weight = 1;  // factor in the total; 0: logged only
  // Of a sum that is made of several losses at once: each by name, without its weight, divided by its own count.
  std::vector<std::pair<std::string, double>> parts = {};
};

}  // namespace retort::loss
