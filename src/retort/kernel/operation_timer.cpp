#include "retort/kernel/operation_timer.h"

#include <atomic>

namespace retort::kernel {

namespace {

constexpr const char* kNames[kOperationCount] = {"product",
                                                 "product_input_gradient",
                                                 "product_weight_gradient",
                                                 "attention",
                                                 "attention_backward",
                                                 "activation",
                                                 "activation_backward",
                                                 "norm",
                                                 "norm_backward",
                                                 "embedding",
                                                 "embedding_backward",
                                                 "loss",
                                                 "gradient_norm",
                                                 "optimizer"};

std::array<std::atomic<int64_t>, kOperationCount> nanoseconds{};

}  // namespace

const char* operation_name(Operation operation) { return kNames[static_cast<int64_t>(operation)]; }

TimeSplit time_split() {
  TimeSplit split{};
  for (int64_t i = 0; i < kOperationCount; ++i)
    split[i] = 1e-9 * static_cast<double>(nanoseconds[i].load(std::memory_order_relaxed));
  return split;
}

TimeSplit time_between(const TimeSplit& earlier, const TimeSplit& later) {
  TimeSplit difference{};
  for (int64_t i = 0; i < kOperationCount; ++i) difference[i] = later[i] - earlier[i];
  return difference;
}

OperationTimer::~OperationTimer() {
  const auto spent = std::chrono::steady_clock::now() - start_;
  nanoseconds[static_cast<int64_t>(operation_)].fetch_add(
      std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count(), std::memory_order_relaxed);
}

}  // namespace retort::kernel
