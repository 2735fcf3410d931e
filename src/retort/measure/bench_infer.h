// Measures inference on real features, without writing anything.
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
    list.add("steps", steps, {.help = "Batches to measure, after one to warm up.", .min = 1});
    list.add("per_device_eval_batch_size", data.squad.per_device_eval_batch_size,
             {.help = "Sequences of a batch.", .min = 1});
    inference.fields(list);
  }
};

// {"seq_s", "tok_s", "p50_ms", "p90_ms", "p99_ms", "utilization", "gemm_gflops", "peak_rss_mb", "split_ms", ...}:
// `steps` batches after one to warm up, each of sequences of similar length, in random order. The latencies are those
// of a batch.
Json bench_infer(const BenchInferConfig& config);

}  // namespace retort::measure
