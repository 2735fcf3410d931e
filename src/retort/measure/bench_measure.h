// Shared by the benchmarks: the rate of a large matmul, the FLOPs of a forward pass, memory, percentiles and the time
// split.
#pragma once

#include <vector>

#include "retort/base/json.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/precision.h"
#include "retort/model/config.h"

namespace retort::measure {

double seconds_now();  // of a steady clock

// Returns the best rate of `count` matmuls [2048, 768] x [768, 3072] in GFLOP/s, the denominator of utilization.
double measure_product_rate(kernel::Precision precision, int count = 12);

// Returns the share of that rate which `flops` operations in `seconds` are.
double utilization(double flops, double seconds, double product_rate);

// Returns the floating-point operations of a forward pass over one sequence of `length` tokens: matmuls of the layers,
// and scores and context of attention. Embeddings and heads are omitted, as usual. A training step takes three times as
// many.
double forward_flops(const model::ModelConfig& config, int64_t length);

double peak_memory_mb();  // of this process

// Returns the value below which `share` (0 to 1) of the values lie; 0 for no values.
double percentile(std::vector<double> values, double share);

// Returns the latency that a share of the values keeps, as the published benchmark: of n sorted values entry
// floor(n * share) - 1, at least the first; 0 for no values.
double latency_percentile(std::vector<double> values, double share);

// Returns milliseconds per step of each component that took time, and "other" for the rest of `seconds`.
Json split_to_json(const kernel::TimeSplit& split, double seconds, int64_t steps);

}  // namespace retort::measure
