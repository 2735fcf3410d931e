#include "retort/kernel/timing.h"

#include <atomic>

namespace retort::kernel {

namespace {

constexpr const char* kNames[kPartCount] = {"product",
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

std::array<std::atomic<int64_t>, kPartCount> nanoseconds{};

}  // namespace

const char* part_name(Part part) { return kNames[static_cast<int64_t>(part)]; }

TimeSplit time_split() {
  TimeSplit split{};
  for (int64_t i = 0; i < kPartCount; ++i)
    split[i] = 1e-9 * static_cast<double>(nanoseconds[i].load(std::memory_order_relaxed));
  return split;
}

TimeSplit time_between(const TimeSplit& earlier, const TimeSplit& later) {
  TimeSplit difference{};
  for (int64_t i = 0; i < kPartCount; ++i) difference[i] = later[i] - earlier[i];
  return difference;
}

PartTimer::~PartTimer() {
  const auto spent = std::chrono::steady_clock::now() - start_;
  nanoseconds[static_cast<int64_t>(part_)].fetch_add(
      std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count(), std::memory_order_relaxed);
}

}  // namespace retort::kernel
