#include "retort/measure/bench_infer.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "retort/base/random.h"
#include "retort/data/source.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/open_device.h"
#include "retort/kernel/token_rows.h"
#include "retort/measure/bench_measure.h"
#include "retort/measure/bench_rows.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::measure {

Json bench_infer(const BenchInferConfig& config) {
  train::set_up_process(config.inference);
  const kernel::Precision precision = train::precision_of(config.inference);
  const at::NoGradGuard no_grad;
  const double load_start = seconds_now();
  const pretrained::LoadedModel loaded = load_bench_model(config.model, config.data, {.precision = precision});
  const double load_seconds = seconds_now() - load_start;
  const auto rows = load_bench_rows(config.data, loaded, /*is_training=*/false);
  const data::EvaluationBatches batches(
      *rows,
      {.max_tokens_per_batch = 1 << 30, .max_sequences_per_batch = config.data.squad.per_device_eval_batch_size});
  const std::vector<int64_t> order = random_permutation(7, batches.batch_count());
  const int64_t steps = std::min<int64_t>(config.steps, batches.batch_count() - 1);
  std::vector<double> batch_ms;
  double seconds = 0, flops = 0;
  int64_t sequences = 0, tokens = 0;
  kernel::TimeSplit warm{};
  for (int64_t i = 0; i <= steps; ++i) {
    const data::Batch batch = batches.batch(order[i]);
    const double before = seconds_now();
    loaded.model->forward(kernel::make_token_rows(batch.tokens));
    kernel::synchronize_device();
    const double spent = seconds_now() - before;
    if (i == 0) {
      warm = kernel::time_split();
      continue;
    }
    seconds += spent, batch_ms.push_back(1000 * spent);
    sequences += batch.tokens.sequences(), tokens += batch.tokens.tokens();
    for (const int64_t row : batch.rows) flops += forward_flops(loaded.model->config(), rows->token_count(row));
  }
  const kernel::TimeSplit split = kernel::time_between(warm, kernel::time_split());
  const double rate = measure_product_rate(precision);
  Json json{{"seq_s", static_cast<double>(sequences) / seconds}, {"tok_s", static_cast<double>(tokens) / seconds}};
  json["p50_ms"] = latency_percentile(batch_ms, 0.50);
  json["p90_ms"] = latency_percentile(batch_ms, 0.90);
  json["p99_ms"] = latency_percentile(batch_ms, 0.99);
  json["utilization"] = utilization(flops, seconds, rate);
  json["gemm_gflops"] = rate;
  json["peak_rss_mb"] = peak_memory_mb();
  json["load_s"] = load_seconds;
  json["split_ms"] = split_to_json(split, seconds, steps);
  json["instruction_set"] = kernel::fused_instruction_set();
  return json;
}

}  // namespace retort::measure
