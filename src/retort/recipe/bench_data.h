// Measures how long training waits for its data: features made from files, and taken out of the cache.
//   retort bench data --task squad --train_file T.json --model DIR
//   retort bench data --task sst-2 --data_dir DIR --model DIR
// The cache lies in a temporary folder (TMPDIR), which is removed; the user's is not touched.
#pragma once

#include "retort/recipe/bench_source.h"
#include "retort/recipe/model_source.h"

namespace retort::recipe {

struct BenchDataConfig {
  std::string model;
  BenchData data;  // without sequences made up: the work is to read files
  int64_t threads = 0, rounds = 3;

  void fields(FieldList& list);
};

// {"cold_s", "cached_s", "features", "features_s", "tokens", "tok_s", "input_mb", "mb_s", "cold_best_s",
// "cached_best_s", "tokenizer_s", "cache_mb", "peak_rss_mb", "threads"}: `cold_s` reads, checks, tokenizes and stores
// the cache, `cached_s` does the same call again and finds it. Both are the first of the process, with files that the
// system has in memory; the best of all rounds stands beside them. Rates are those of `cold_s`.
Json bench_data(const BenchDataConfig& config);

}  // namespace retort::recipe
