// Measures training steps on real features; writes no files.
//   retort bench train --model DIR --task squad --train_file T.json --per_device_train_batch_size 8 --steps 6
//   --precision bf16
// Utilization = floating-point operations of the real tokens / time / the rate of one large matmul in the same
// precision, measured in the same run.
#pragma once

#include "retort/measure/bench_source.h"
#include "retort/pretrained/model_source.h"
#include "retort/train/training_config.h"

namespace retort::measure {

struct BenchTrainConfig {
  pretrained::ModelSource model;
  BenchData data;
  train::TrainingConfig training;
  int64_t steps = 6;
  std::string teacher, teacher_cache = "off";

  void fields(FieldList& list) {
    model.fields(list);
    data.fields(list);
    list.add("train_file", data.squad.train_file, {.help = "SQuAD file, for squad."});
    list.group("Measuring");
    list.add("steps", steps, {.help = "Steps to measure, after one warm-up step.", .min = 1});
    list.add("teacher", teacher, {.help = "With squad: also train with this teacher's soft targets."});
    list.add("teacher_cache", teacher_cache,
             {.help = "off: the teacher computes its outputs in every step; a folder: they are computed once before."});
    training.fields(list);
  }
};

// Returns {"seq_s", "tok_s", "utilization", "gemm_gflops", "peak_rss_mb", "step_ms", "split_ms", ...} of `steps`
// optimizer steps after one warm-up step; "split_ms" splits the time of a step.
Json bench_train(const BenchTrainConfig& config);

}  // namespace retort::measure
