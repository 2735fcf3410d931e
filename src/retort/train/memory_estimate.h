// The memory that a training run is going to need, found before its first step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "retort/optim/optimizer.h"
#include "retort/train/process_group.h"
#include "retort/train/unit.h"

namespace retort::train {

// In bytes.
struct MemoryEstimate {
  int64_t parameters = 0, copies = 0, gradients = 0;  // float32, bfloat16, float32
  int64_t moments = 0;                                // of this process
  int64_t activations = 0;                            // of the largest micro-batch, and what the allocator keeps
  int64_t other = 0;                                  // what the process has already: program, data, a teacher

  void set_activations(const TrainUnit& unit, int64_t tokens);
  int64_t fixed() const { return parameters + copies + gradients + moments; }
  int64_t total() const { return fixed() + activations + other; }
};

// `shards` hold the moments; 1: all are here. `resident_bytes` are what the process has now, with the parameters and
// copies, and with the moments if they are loaded.
struct EstimateInputs {
  int64_t shards = 1;
  int64_t largest_micro_batch = 0;  // tokens
  int64_t resident_bytes = 0;
  bool has_loaded_moments = false;
};
MemoryEstimate estimate_memory(const TrainUnit& unit, const kernel::ParameterStore& parameters,
                               const EstimateInputs& inputs);

// The bytes that this process may have in all, what it has included: its share of what the machine gives to its
// processes (base/memory.h), or the device's memory. Empty where the system does not tell.
std::optional<int64_t> maybe_memory_of_process(const ProcessGroup& group, int64_t resident_bytes,
                                               const std::filesystem::path& root = "/");
// What the process has of it now.
int64_t resident_memory_of_process(const std::filesystem::path& root = "/");

// "needs about 1.2 GB of 15.6 GB: parameters 438 MB, ...".
std::string memory_line(const MemoryEstimate& estimate, int64_t available, int64_t largest_micro_batch);

}  // namespace retort::train
