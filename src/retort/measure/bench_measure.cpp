#include "retort/measure/bench_measure.h"

#include <ATen/ops/randn.h>

#include <algorithm>
#include <chrono>

#include "retort/base/memory.h"
#include "retort/kernel/element_type.h"
#include "retort/kernel/matmul.h"

namespace retort::measure {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double measure_product_rate(kernel::Precision precision, int count) {
  constexpr int64_t kRows = 2048, kInner = 768, kColumns = 3072;
  const auto type = kernel::element_type(precision);
  const at::Tensor x = at::randn({kRows, kInner}).to(type), w = at::randn({kColumns, kInner}).to(type);
  double best = 1e30;
  for (int i = 0; i < count; ++i) {
    const double before = seconds_now();
    kernel::matmul(x, w.t());
    best = std::min(best, seconds_now() - before);
  }
  return 2e-9 * kRows * kInner * kColumns / best;
}

double utilization(double flops, double seconds, double product_rate) { return 1e-9 * flops / seconds / product_rate; }

double forward_flops(const model::ModelConfig& c, int64_t length) {
  const double H = static_cast<double>(c.hidden_size), I = static_cast<double>(c.intermediate_size),
               S = static_cast<double>(length);
  return static_cast<double>(c.num_hidden_layers) * (2 * S * (4 * H * H + 2 * H * I) + 4 * S * S * H);
}

double peak_memory_mb() {
  return static_cast<double>(maybe_peak_resident_memory().value_or(0)) / (1 << 20);
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, rank)];
}

double latency_percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto count = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::clamp<size_t>(count, 1, values.size()) - 1];
}

Json split_to_json(const kernel::TimeSplit& split, double seconds, int64_t steps) {
  Json json = Json::object();
  const double scale = 1000.0 / static_cast<double>(std::max<int64_t>(1, steps));
  for (int64_t i = 0; i < kernel::kOperationCount; ++i) {
    if (split[i] == 0) continue;
    json[kernel::operation_name(static_cast<kernel::Operation>(i))] = scale * split[i];
    seconds -= split[i];
  }
  json["other"] = scale * seconds;
  return json;
}

}  // namespace retort::measure
