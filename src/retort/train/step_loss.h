// The loss of an optimizer step: forward and backward passes over the micro-batches of this rank, then the all-reduce.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "retort/data/source.h"
#include "retort/train/gradient_reducer.h"
#include "retort/train/graph_runner.h"
#include "retort/train/process_group.h"
#include "retort/train/step_readout.h"
#include "retort/train/unit.h"

namespace retort::train {

// Why a step is repeated with smaller micro-batches: a limit is near, or memory ran out. The larger of all ranks
// counts.
enum class MemoryShortage { kNone, kNear, kOut };

// The share of one rank, or the total over all.
struct StepLoss {
  double total = 0;                               // with weights, as it is differentiated
  std::map<std::string, double> components = {};  // the losses in it by name, without weights; empty for only one
  MemoryShortage shortage = MemoryShortage::kNone;
};

// The name of the total in a readout; the other names are those of components.
inline constexpr const char* kTotalLoss = "";

// Adds the terms of a micro-batch to the components in `readout`.
void add_components(const std::vector<loss::LossTerm>& terms, StepReadout& readout);

// Takes the losses out of the numbers of a readout.
StepLoss take_losses(std::map<std::string, double>& numbers);

// Weighted sum of the terms, each divided by its divisor; undefined when the step has nothing to learn from.
at::Tensor total_loss(const std::vector<loss::LossTerm>& terms);

struct BackwardOptions {
  GradientReducer* reducer = nullptr;  // starts the all-reduce of gradients during the last backward pass
  GraphRunner* graphs = nullptr;       // runs the micro-batches that it can
  at::Tensor loss_scale = {};          // if defined, the gradients are those of the loss times this scalar
  std::function<void()> before_each = nullptr;
};

// Runs forward and backward over this rank's micro-batches, and adds the gradients to the unit's parameters and the
// losses to `readout`. The dropout keys are made from `seed`, the epoch and the row of each sequence, so they do not
// depend on the cut.
void forward_backward(TrainUnit& unit, const data::StepBatch& step, uint64_t seed, StepReadout& readout,
                      const BackwardOptions& options = {});

// Brings the losses of all ranks together in `readout`, and returns their total on the device. With several processes
// it waits for the device. `shortage` becomes that of all ranks; unless it is none, the total means nothing.
at::Tensor all_reduce_losses(const ProcessGroup& group, StepReadout& readout, MemoryShortage& shortage);

// Sums the shares of all ranks. A rank without a micro-batch of its own has no components, so the names travel along.
StepLoss all_reduce(const ProcessGroup& group, const StepLoss& share);

}  // namespace retort::train
