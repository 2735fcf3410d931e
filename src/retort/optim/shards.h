// How the state of an optimizer is divided over processes (ZeRO, Rajbhandari et al. 2020, stage 1): each holds the
// moments of its shard of the parameters and updates these; then all take the updated values from each other.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace retort::optim {

// One shard: everything is here. Else the functions are collectives, which all processes call in the same order.
struct Shards {
  int64_t count = 1, own = 0;
  // Replaces each value by its sum over all processes; float64.
  std::function<void(at::Tensor values)> all_reduce_sum = {};
  // Part i is taken from process i.
  std::function<void(const std::vector<at::Tensor>& parts)> broadcast_each = {};
};

// Elements begin..end-1 of the flat buffers.
struct ElementRange {
  int64_t begin = 0, end = 0;
};

}  // namespace retort::optim
