// Measures inference on real features; writes no files.
//   retort bench infer --model DIR --task squad --dev_file D.json --per_device_eval_batch_size 8 --precision bf16
// Utilization as in bench_train.h.
#pragma once

#include "retort/measure/bench_source.h"
#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"

namespace retort::measure {

struct BenchInferConfig {
  BenchInferConfig() { data.squad.per_device_eval_batch_size = 8; }

  pretrained::ModelSource model;
  BenchData data;
  pretrained::InferenceConfig inference;
  int64_t steps = 6;

  void fields(FieldList& list) {
    model.fields(list);
    data.fields(list);
    list.add("dev_file", data.squad.dev_file, {.help = "SQuAD file, for squad."});
    list.group("Measuring");
    list.add("steps", steps, {.help = "Batches to measure, after one warm-up batch.", .min = 1});
    list.add("per_device_eval_batch_size", data.squad.per_device_eval_batch_size,
             {.help = "Sequences per batch.", .min = 1});
    inference.fields(list);
  }
};

// Returns {"seq_s", "tok_s", "p50_ms", "p90_ms", "p99_ms", "utilization", "gemm_gflops", "peak_rss_mb", "split_ms",
// ...} of `steps` batches after one warm-up batch, each of sequences of similar length, in random order. Latencies are
// per batch.
Json bench_infer(const BenchInferConfig& config);

}  // namespace retort::measure
