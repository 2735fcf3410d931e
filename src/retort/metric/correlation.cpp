#include "retort/metric/correlation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "retort/base/error.h"
#include "retort/metric/dot_product.h"

namespace retort::metric {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> centered(std::vector<double> values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
  return values;
}

// Checked on the values themselves: rounding of the mean would give a constant a small variance.
bool is_constant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

double correlate(const std::vector<double>& left, const std::vector<double>& right) {
  RETORT_CHECK(left.size() == right.size(), "{} numbers for {}", left.size(), right.size());
  if (left.size() < 2 || is_constant(left) || is_constant(right)) return kNaN;
  const std::vector<double> x = centered(left), y = centered(right);
  const double r = dot(x, y) / std::sqrt(dot(x, x)) / std::sqrt(dot(y, y));
  return std::isnan(r) ? kNaN : std::clamp(r, -1.0, 1.0);
}

// Ranks from 1; equal values get their mean rank.
std::vector<double> ranks_of(std::span<const float> values) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0, end; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size() && values[order[end]] == values[order[begin]];) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
  }
  return ranks;
}

bool has_nan(std::span<const float> values) {
  return std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

}  // namespace

double compute_pearson(std::span<const float> left, std::span<const float> right) {
  return correlate({left.begin(), left.end()}, {right.begin(), right.end()});
}

double compute_spearman(std::span<const float> left, std::span<const float> right) {
  if (has_nan(left) || has_nan(right)) return kNaN;
  return correlate(ranks_of(left), ranks_of(right));
}

}  // namespace retort::metric
