// Where the time of a step goes: every operation adds its wall time to the counter of its part. Always on; one reading
// of the clock at each end of an operation.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace retort::kernel {

enum class Part {
  kProduct,                // linear, forward
  kProductInputGradient,   // linear, gradient of the input
  kProductWeightGradient,  // linear, gradients of weight and bias
  kAttention,
  kAttentionBackward,
  kActivation,
  kActivationBackward,
  kNorm,
  kNormBackward,
  kEmbedding,
  kEmbeddingBackward,
  kLoss,  // with its gradient
  kGradientNorm,
  kOptimizer,
};

inline constexpr int64_t kPartCount = static_cast<int64_t>(Part::kOptimizer) + 1;

// "product", "product_input_gradient", ...: keys of a report.
const char* part_name(Part part);

// Seconds of each part since the process began, in the order of the enum. Thread-safe.
using TimeSplit = std::array<double, kPartCount>;
TimeSplit time_split();
// What was added between two readings.
TimeSplit time_between(const TimeSplit& earlier, const TimeSplit& later);

// Counts the time of its own life for a part. Timers do not nest: operations are called one after another by the thread
// that drives the model.
class PartTimer {
 public:
  explicit PartTimer(Part part) : part_(part), start_(std::chrono::steady_clock::now()) {}
  ~PartTimer();
  PartTimer(const PartTimer&) = delete;
  PartTimer& operator=(const PartTimer&) = delete;

 private:
  Part part_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace retort::kernel
