// The loss of a task in the form in which the trainer takes it. A loss function returns the LossSum of one micro-batch;
// a unit names it, weights it and says what divides it:
//
//   loss of a step = sum over the terms of weight / divisor * (sum over the micro-batches of `sum`)
//
// The divisor is a count of the whole step (step_counts.h), so neither the cut into micro-batches nor the number of
// processes changes the loss or its gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace retort::loss {

// What a loss function returns.
struct LossSum {
  at::Tensor sum;    // scalar float32, can be differentiated
  double count = 0;  // sequences, tokens, ... of the micro-batch that the sum runs over
};

// One of the losses that a fused kernel adds up, for logs. Its mean over the step is sum / divisor.
struct FusedLoss {
  std::string name;
  at::Tensor sum;      // scalar float64, without its weight
  double divisor = 0;  // 0: the step holds nothing to compare
};

struct LossTerm {
  std::string name;    // for logs: "loss", "loss_ce", ...
  at::Tensor sum;      // of one micro-batch: scalar float32
  double divisor = 0;  // count of the whole step; 0: the step holds nothing to learn from
  double weight = 1;   // factor in the total; 0: logged only
  // The losses inside `sum` where one fused kernel computes several. The kernel applies their weights and divisors
  // itself, so weight and divisor of the term are 1.
  std::vector<FusedLoss> fused = {};
};

}  // namespace retort::loss
