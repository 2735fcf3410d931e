// Measures how long training waits for its data: features computed from files and features read from the cache.
//   retort bench data --task squad --train_file T.json --model DIR
//   retort bench data --task sst-2 --data_dir DIR --model DIR
// The cache lies in a temporary folder (TMPDIR), which is removed; the user's cache is not used.
#pragma once

#include "retort/measure/bench_source.h"
#include "retort/pretrained/model_source.h"

namespace retort::measure {

struct BenchDataConfig {
  std::string model;
  BenchData data;  // without synthetic sequences: this benchmark measures reading files
  int64_t threads = 0, rounds = 3;

  void fields(FieldList& list) {
    list.group("Data");
    list.add("model", model,
             {.help = "A model folder with tokenizer.json or vocab.txt, or a hub name in the local cache.",
              .aliases = {"model_name_or_path"},
              .required = true});
    list.add("task", data.task, {.help = "squad or a GLUE task.", .aliases = {"task_name"}});
    list.add("train_file", data.squad.train_file, {.help = "SQuAD file, for squad."});
    list.add("data_dir", data.data_dir, {.help = "Folder of the GLUE task."});
    data.squad.features.fields(list);
    list.group("Measuring");
    list.add("rounds", rounds, {.help = "Repetitions, each without and then with the cache.", .min = 1});
    list.add("threads", threads, {.help = "Threads; 0: all CPUs available to the process.", .min = 0, .max = 1024});
  }
};

// Returns {"cold_s", "cached_s", "features", "features_s", "tokens", "tok_s", "input_mb", "mb_s", "cold_best_s",
// "cached_best_s", "tokenizer_s", "cache_mb", "peak_rss_mb", "threads"}: `cold_s` reads, checks, tokenizes and stores
// the cache; `cached_s` is the time of the same call with the cache. Both are the first of the process, with the input
// files in the page cache; `*_best_s` are the best of all rounds. Rates are those of `cold_s`.
Json bench_data(const BenchDataConfig& config);

}  // namespace retort::measure
