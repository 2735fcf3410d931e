// Moves the moments of an optimizer that is sharded over processes (optim/shards.h) between the processes, for
// checkpoints: these hold all moments, as those of one process do, so a run continues with any number of processes.
#pragma once

#include <functional>

#include "retort/optim/optimizer.h"
#include "retort/train/process_group.h"

namespace retort::train {

// The shards of this process's optimizer over the group, which must outlive it.
optim::Shards shards_over(const ProcessGroup& group);

// Gives each process the moments of its shard, and all processes all moments when the optimizer is not sharded. Rank 0
// has all of them before. A collective.
void distribute_moments(const ProcessGroup& group, optim::Optimizer& optimizer);

// Brings the moments to rank 0, one tensor after the other in the order of their names, so that it never holds all of
// them. A collective: rank 0 calls `next` for each moment, or stops early, and all call `finish`.
class MomentCollector {
 public:
  MomentCollector(const ProcessGroup& group, const optim::Optimizer& optimizer);

  // The whole values of the moment of this name, valid until the next call.
  at::Tensor next(const std::string& name);
  // Takes part in the rest.
  void finish();

 private:
  at::Tensor collect(const optim::Moment& moment);

  const ProcessGroup& group_;
  const optim::Optimizer& optimizer_;
  std::vector<optim::Moment> moments_;
  at::Tensor whole_;  // [elements of the largest moment]; only on rank 0
  size_t next_ = 0;
};

// Brings all moments to rank 0, which can write checkpoints alone when the optimizer is no longer sharded.
void gather_moments(const ProcessGroup& group, optim::Optimizer& optimizer);

}  // namespace retort::train
