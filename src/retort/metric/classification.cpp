#include "retort/metric/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "retort/base/error.h"
#include "retort/metric/dot_product.h"

namespace retort::metric {
namespace {

using Classes = std::span<const int32_t>;

void check_counts(Classes predicted, Classes labels) {
  RETORT_CHECK(predicted.size() == labels.size(), "{} predictions for {} labels", predicted.size(), labels.size());
}

// Number of examples of each class, up to the largest one.
std::vector<double> count_classes(Classes classes, int32_t largest) {
  std::vector<double> counts(largest + 1);
  for (const int32_t number : classes) counts[number] += 1;
  return counts;
}

double count_equal(Classes predicted, Classes labels) {
  return std::inner_product(predicted.begin(), predicted.end(), labels.begin(), 0.0, std::plus<>(), std::equal_to<>());
}

}  // namespace

double compute_accuracy(Classes predicted, Classes labels) {
  check_counts(predicted, labels);
  if (labels.empty()) return std::numeric_limits<double>::quiet_NaN();
  return count_equal(predicted, labels) / static_cast<double>(labels.size());
}

double compute_binary_f1(Classes predicted, Classes labels) {
  check_counts(predicted, labels);
  if (labels.empty()) return std::numeric_limits<double>::quiet_NaN();
  int64_t hits = 0, ones = 0;  // true positives; class 1 on either side
  for (size_t i = 0; i < labels.size(); ++i) {
    hits += predicted[i] == 1 && labels[i] == 1;
    ones += (predicted[i] == 1) + (labels[i] == 1);
  }
  return ones == 0 ? 0.0 : 2.0 * static_cast<double>(hits) / static_cast<double>(ones);
}

double compute_matthews(Classes predicted, Classes labels) {
  check_counts(predicted, labels);
  if (labels.empty()) return std::numeric_limits<double>::quiet_NaN();
  const int32_t largest =
      std::max(*std::max_element(predicted.begin(), predicted.end()), *std::max_element(labels.begin(), labels.end()));
  const std::vector<double> predicted_counts = count_classes(predicted, largest),
                            label_counts = count_classes(labels, largest);
  const auto count = static_cast<double>(labels.size());
  const double covariance = count_equal(predicted, labels) * count - dot(label_counts, predicted_counts);
  const double predicted_variance = count * count - dot(predicted_counts, predicted_counts);
  const double label_variance = count * count - dot(label_counts, label_counts);
  if (predicted_variance == 0 || label_variance == 0) return 0.0;
  return covariance / std::sqrt(predicted_variance) / std::sqrt(label_variance);
}

}  // namespace retort::metric
