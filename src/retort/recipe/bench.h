// Measures training and inference on real features, without writing anything.
//   retort bench train --model DIR --task squad --train_file T.json --per_device_train_batch_size 8 --steps 6
//   --precision bf16 retort bench infer --model DIR --task squad --dev_file D.json --per_device_eval_batch_size 8
//   --precision bf16
// Utilization = floating-point operations of the real tokens / time / the rate of one large product in the same
// precision, measured in the same run.
#pragma once

#include "retort/recipe/model_source.h"
#include "retort/recipe/squad_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct BenchConfig {
  ModelSource model;
  std::string task = "squad", data_dir;
  SquadDataConfig squad;  // files and feature options, also of GLUE where they are the same
  train::TrainingConfig training;
  int64_t steps = 6;

  void fields_of_train(FieldList& list);
  void fields_of_infer(FieldList& list);
};

struct BenchTrainConfig : BenchConfig {
  void fields(FieldList& list) { fields_of_train(list); }
};
struct BenchInferConfig : BenchConfig {
  BenchInferConfig() { squad.per_device_eval_batch_size = 8; }
  void fields(FieldList& list) { fields_of_infer(list); }
};

// {"seq_s", "tok_s", "utilization", "gemm_gflops", "peak_rss_mb", "step_ms", ...}: `steps` optimizer steps after one to
// warm up.
Json bench_train(const BenchTrainConfig& config);
// {"seq_s", "tok_s", "p50_ms", "p90_ms", "p99_ms", "utilization", "gemm_gflops", "peak_rss_mb"}: `steps` batches after
// one to warm up, of sequences of similar length; 0: all.
Json bench_infer(const BenchInferConfig& config);

}  // namespace retort::recipe
