// The results of benchmarks on synthetic sequences: the numbers are consistent; speed is not checked.
#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/measure/bench_infer.h"
#include "retort/measure/bench_measure.h"
#include "retort/measure/bench_train.h"

namespace retort::measure {
namespace {

double sum_of(const Json& object) {
  double sum = 0;
  for (const auto& [name, value] : object.items()) sum += value.get<double>();
  return sum;
}

// Entry floor(n * q) - 1 of the sorted latencies, as the published benchmark of GLUE takes it.
TEST(BenchMeasure, LatencyPercentilesAreThePublishedEntries) {
  std::vector<double> latencies;
  for (int i = 200; i > 0; --i) latencies.push_back(i);
  for (const auto& [share, expected] :
       {std::pair(0.5, 100.0), {0.9, 180.0}, {0.95, 190.0}, {0.99, 198.0}, {1.0, 200.0}})
    EXPECT_EQ(latency_percentile(latencies, share), expected) << share;
  EXPECT_EQ(latency_percentile({3, 1, 2}, 0.5), 1);
  EXPECT_EQ(latency_percentile({3, 1, 2}, 0.1), 1) << "at least the first";
  EXPECT_EQ(latency_percentile({}, 0.5), 0);
}

TEST(BenchTrain, RatesAndPartsBelongTogether) {
  BenchTrainConfig config;
  config.model.model = "preset:bert-tiny";
  config.data.synthetic_length = 16, config.data.synthetic_rows = 64;
  config.training.per_device_train_batch_size = 4;
  config.steps = 3;
  const Json result = bench_train(config);
  const double step_ms = result["step_ms"].get<double>();
  EXPECT_EQ(result["steps"].get<int64_t>(), 3);
  EXPECT_NEAR(result["tok_s"].get<double>(), 16 * result["seq_s"].get<double>(), 1e-6 * result["tok_s"].get<double>());
  EXPECT_NEAR(result["seq_s"].get<double>(), 4000 / step_ms, 1e-6 * result["seq_s"].get<double>());
  EXPECT_NEAR(sum_of(result["split_ms"]), step_ms, 1e-6 * step_ms);
  EXPECT_GT(result["split_ms"]["product_weight_gradient"].get<double>(), 0);
  EXPECT_GT(result["utilization"].get<double>(), 0);
}

TEST(BenchTrain, ClassificationOnPublishedLengths) {
  BenchTrainConfig config;
  config.model.model = "preset:bert-tiny";
  config.data.task = "sst-2", config.data.synthetic_distribution = "sst-2";
  config.training.per_device_train_batch_size = 512;
  config.steps = 4;
  const Json result = bench_train(config);
  EXPECT_NEAR(result["tok_s"].get<double>() / result["seq_s"].get<double>(), 13.3, 0.7);  // mean length
}

TEST(BenchInfer, LatenciesAreOrdered) {
  BenchInferConfig config;
  config.model.model = "preset:bert-tiny";
  config.data.synthetic_distribution = "squad", config.data.synthetic_rows = 100;
  config.steps = 8;
  const Json result = bench_infer(config);
  EXPECT_GT(result["p50_ms"].get<double>(), 0);
  EXPECT_LE(result["p50_ms"].get<double>(), result["p90_ms"].get<double>());
  EXPECT_LE(result["p90_ms"].get<double>(), result["p99_ms"].get<double>());
}

TEST(BenchInfer, RefusesSequencesThatAreTooLong) {
  BenchInferConfig config;
  config.model.model = "preset:bert-tiny";
  config.data.synthetic_length = 513;
  try {
    bench_infer(config);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "`synthetic_length` must be at most 512, the positions of the model, but is 513");
  }
}

}  // namespace
}  // namespace retort::measure
