// Dot product, used by the correlations.
#pragma once

#include <numeric>
#include <vector>

namespace retort::metric {

// Both vectors have the same length; 0 when they are empty.
inline double dot(const std::vector<double>& left, const std::vector<double>& right) {
  return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

}  // namespace retort::metric
