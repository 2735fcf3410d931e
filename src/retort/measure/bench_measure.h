// What the measuring commands share: the rate of one large product, the operations of a forward pass, memory,
// percentiles and the time split.
#pragma once

#include <vector>

#include "retort/base/json.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/precision.h"
#include "retort/model/config.h"

namespace retort::measure {

double seconds_now();  // of a steady clock

// The best of several products [2048, 768] x [768, 3072], in GFLOP/s: what utilization is relative to.
double measure_product_rate(kernel::Precision precision);

// Floating-point operations of a forward pass over one sequence of `length` tokens: products of the layers, and scores
// and context of attention. Embeddings and heads are left out, as is usual. A training step takes three times that.
double forward_flops(const model::ModelConfig& config, int64_t length);

double peak_memory_mb();  // of this process

// The value below which `share` (0 to 1) of the values lie; 0 for none.
double percentile(std::vector<double> values, double share);

// Milliseconds a step of every part that took any, and "other" for what is left of `seconds`.
Json split_to_json(const kernel::TimeSplit& split, double seconds, int64_t steps);

}  // namespace retort::measure
