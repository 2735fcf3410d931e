// Data-parallel training on one machine or several: each process computes its share of every step, and an all-reduce
// sums the gradients, so that all hold the same parameters. Only rank 0, the main process, writes files and logs.
// Collectives go through Gloo (https://github.com/pytorch/gloo); rendezvous and heartbeats go through c10d's TCPStore.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "retort/train/more_threads.h"
#include "retort/train/rank_discovery.h"

namespace retort::train {

// A collective that was started and not waited for yet. It holds its tensors.
class StartedCollective {
 public:
  virtual ~StartedCollective() = default;
  // When it was started and when it was done, in seconds of a steady clock; done 0: not yet.
  virtual double start_seconds() const = 0;
  virtual double end_seconds() const = 0;
};

class DeviceTraffic;

// All processes call the same functions in the same order. With one process they do nothing. They wait as long as every
// rank sends heartbeats, and throw ProcessLostError, which names the rank, when one has died or has sent none for
// `timeout_seconds`. Not thread-safe.
class ProcessGroup {
 public:
  ProcessGroup();  // one process
  // Returns when all are connected. Throws UserError when they are not within the time, and ProcessLostError when one
  // fails while they connect.
  ProcessGroup(const ProcessRank& own, double timeout_seconds);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int64_t rank() const { return own_.rank; }
  int64_t world_size() const { return own_.world_size; }
  bool is_main() const { return own_.rank == 0; }
  // Processes of this machine, this one included, that may run on the same CPUs.
  int64_t sharing_cpus() const { return sharing_cpus_; }
  // When this process acts in main_first: 0 for rank 0, 1 for the first process of each other machine, 2 for the rest.
  int64_t turn() const { return turn_; }

  // Replaces each value by the sum over all ranks, the same bits everywhere. Floating point, contiguous, on the
  // processor or on the device of the process.
  void all_reduce_sum(at::Tensor values) const;
  // The same, while this thread goes on until `wait`. All ranks start their collectives in the same order. Null with
  // one process.
  std::shared_ptr<StartedCollective> start_all_reduce_sum(at::Tensor values) const;
  void wait(const std::shared_ptr<StartedCollective>& started) const;
  // The largest value of all ranks.
  double all_reduce_max(double value) const;
  // Replaces the values by those of rank `root`, which have the same shape.
  void broadcast(at::Tensor values, int64_t root = 0) const;
  // The same for one tensor of each rank, all at a time: part i is taken from rank i.
  void broadcast_each(const std::vector<at::Tensor>& parts) const;
  // The text of rank 0.
  std::string broadcast(const std::string& text) const { return all_gather(text).front(); }
  // The texts of all ranks, by rank.
  std::vector<std::string> all_gather(const std::string& text) const;
  // Gives up collectives that will never end, because this process ends for another reason.
  void abandon() const;
  // Returns when all ranks have called it.
  void barrier() const { static_cast<void>(all_reduce_max(0)); }

  // The result of `action`. Rank 0 runs it first, then the first process of each other machine, then the rest, so that
  // these find the files that it makes. A process that runs it before the others of its machine uses their threads too.
  template <typename Action>
  auto main_first(const Action& action) const {
    for (int64_t turn = 0; turn < turn_; ++turn) barrier();
    auto result = with_threads_of_waiting(action);
    for (int64_t turn = turn_; turn < kLastTurn; ++turn) barrier();
    return result;
  }

 private:
  struct Connection;
  const DeviceTraffic& device_traffic() const;
  static constexpr int64_t kLastTurn = 2;
  void note_neighbors();
  template <typename Action>
  auto with_threads_of_waiting(const Action& action) const {
    if (sharing_cpus_ == 1 || turn_ == kLastTurn) return action();
    const MoreThreads threads(sharing_cpus_);
    return action();
  }

  ProcessRank own_;
  int64_t sharing_cpus_ = 1, turn_ = 0;
  std::unique_ptr<Connection> connection_;                 // null with one process
  mutable std::unique_ptr<DeviceTraffic> device_traffic_;  // from the first collective on a device's tensor on
};

// The group of this process; it has one process until join_process_group.
ProcessGroup& process_group();
// Joins the group that the launcher describes in the environment; once, later calls do nothing. All ranks but 0 show
// only errors from then on.
void join_process_group(double timeout_seconds);

}  // namespace retort::train
