// Requests given back with their results added, one by one.
#pragma once

#include <vector>

#include "retort/recipe/predict_qa.h"  // TakeResult

namespace retort::recipe {

constexpr int64_t kLinesAtOnce = 256;  // read together, so that batches fill up

inline void give_back(const std::vector<Json>& requests, const std::vector<Json>& results, const TakeResult& take) {
  for (size_t i = 0; i < requests.size(); ++i) {
    Json merged = requests[i];
    merged.update(results[i]);
    take(merged);
  }
}

}  // namespace retort::recipe
