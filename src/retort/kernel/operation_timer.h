// Where the time of a step goes: each operation adds its wall time to its counter. Timers are always on and read the
// clock twice for each operation.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace retort::kernel {

enum class Operation {
  kLinear,                // linear, forward
  kLinearInputGradient,   // linear, gradient of the input
  kLinearWeightGradient,  // linear, gradients of weight and bias
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

inline constexpr int64_t kOperationCount = static_cast<int64_t>(Operation::kOptimizer) + 1;

// The key of an operation in a report: "product", "product_input_gradient", ...
const char* operation_name(Operation operation);

// Seconds of each operation since the process began, in the order of the enum. Thread-safe.
using TimeSplit = std::array<double, kOperationCount>;
TimeSplit time_split();
// The difference of two readings.
TimeSplit time_between(const TimeSplit& earlier, const TimeSplit& later);

// Adds the time from its construction to its destruction to the counter of an operation. Timers do not nest: the thread
// that runs the model calls one operation after another.
class OperationTimer {
 public:
  explicit OperationTimer(Operation operation) : operation_(operation), start_(std::chrono::steady_clock::now()) {}
  ~OperationTimer();
  OperationTimer(const OperationTimer&) = delete;
  OperationTimer& operator=(const OperationTimer&) = delete;

 private:
  Operation operation_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace retort::kernel
