// The processes that train one model together, on one machine or several: each computes its share of every step, and
// gradients are added up between them, so that all hold the same parameters. Process 0 is the main one: it alone
// writes files and speaks. Messages go through Gloo (https://github.com/pytorch/gloo) and, for meeting and for signs of
// life, through c10d's TCPStore.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "retort/train/process_place.h"

namespace retort::train {

// All processes call the same functions in the same order. With one process they do nothing. They wait as long as every
// process shows signs of life, and throw ProcessLostError, which names the process, when one has gone or has not for
// `timeout_seconds`. Not thread-safe.
class ProcessGroup {
 public:
  ProcessGroup() = default;  // of one
  // Returns when all are there. Throws UserError when they are not within the time, and ProcessLostError when one is
  // lost while they come together.
  ProcessGroup(const ProcessPlace& place, double timeout_seconds);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int64_t rank() const { return place_.rank; }
  int64_t size() const { return place_.size; }
  bool is_main() const { return place_.rank == 0; }
  // Processes of this machine, this one included, that may run on the same CPUs.
  int64_t sharing_cpus() const { return sharing_cpus_; }

  // Each becomes the sum over all processes, the same bits everywhere. float32 or float64, contiguous.
  void sum(at::Tensor values) const;
  double sum(double value) const;
  double largest(double value) const;
  // Each becomes what the main process has; of one size everywhere.
  void broadcast(at::Tensor values) const;
  // The text of every process, by rank.
  std::vector<std::string> gather(const std::string& text) const;
  std::string broadcast(const std::string& text) const { return gather(text).front(); }
  void wait_for_all() const { static_cast<void>(sum(0.0)); }

  // What `action` gives, done by the main process before the others do it: so files that it makes are there for them.
  template <typename Action>
  auto main_first(const Action& action) const {
    if (!is_main()) wait_for_all();
    auto result = action();
    if (is_main()) wait_for_all();
    return result;
  }

 private:
  struct Connection;
  void note_shared_cpus();

  ProcessPlace place_;
  int64_t sharing_cpus_ = 1;
  std::unique_ptr<Connection> connection_;  // null with one process
};

// The group of this process, of one until it has joined.
ProcessGroup& process_group();
// Joins the group that the environment tells of; once, later calls do nothing. Processes but the main one show only
// errors from then on.
void join_process_group(double timeout_seconds);

}  // namespace retort::train
