// Collectives on tensors of a device: its own (NCCL) where it has them, else through host memory and Gloo.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "retort/kernel/device_library.h"
#include "retort/train/process_group.h"

namespace retort::train {

class DeviceTraffic {
 public:
  // All ranks make it at the same point of their collectives. `group` must outlive it.
  explicit DeviceTraffic(const ProcessGroup& group);

  void all_reduce_sum(const at::Tensor& values) const;
  std::shared_ptr<StartedCollective> start_all_reduce_sum(const at::Tensor& values) const;
  void wait(const std::shared_ptr<StartedCollective>& started) const;
  void broadcast(const at::Tensor& values, int64_t root) const;
  // Ends what is on the way, because a rank has failed.
  void abort() const noexcept;

 private:
  const ProcessGroup& group_;
  std::unique_ptr<kernel::DeviceCollectives> own_;  // null: through host memory
};

}  // namespace retort::train
