// Collectives of CUDA tensors through NCCL.
#pragma once

#include <memory>
#include <string>

#include "retort/kernel/device_library.h"

namespace retort::kernel::cuda {

// The bytes of an ncclUniqueId.
std::string make_collective_id();

// Joins the processes that have the same id, on the current device. Returns when all have joined.
std::unique_ptr<DeviceCollectives> make_collectives(const std::string& id, int64_t rank, int64_t world_size);

}  // namespace retort::kernel::cuda
