// Measures the tokenizer on texts in memory; writes no files.
//   retort bench tokenize --model DIR --train_file T.json --threads 1
// bench/compare_tokenizers.py runs it beside the `tokenizers` library on the same texts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "retort/base/fields.h"

namespace retort::measure {

struct BenchTokenizeConfig {
  std::string model, train_file;
  int64_t threads = 0;
  double seconds = 1;

  void fields(FieldList& list) {
    list.add("model", model,
             {.help = "A model folder with tokenizer.json or vocab.txt, or a hub name in the local cache.",
              .aliases = {"model_name_or_path"},
              .required = true});
    list.add("train_file", train_file,
             {.help = "A SQuAD file, whose contexts are tokenized, or a text file, whose lines are tokenized.",
              .aliases = {"text_file"},
              .required = true});
    list.add("threads", threads, {.help = "Threads; 0: all CPUs available to the process.", .min = 0, .max = 1024});
    list.add(
        "seconds", seconds,
        {.help = "Minimum duration; there are at least three passes over the texts.", .unit = "seconds", .min = 0});
  }
};

// Returns the contexts of a SQuAD file (JSON, JSON lines or Parquet), each once and in order; of any other file the
// non-empty lines without their ends. Throws UserError for files that are unreadable or hold no text.
std::vector<std::string> read_bench_texts(const std::filesystem::path& file);

// Returns {"mb_s", "tok_s", "texts_s", "texts", "tokens", "bytes", "pass_ms", "median_pass_ms", "passes", "threads"}:
// each pass computes ids and byte offsets of all texts, without [CLS] and [SEP]; the rates are those of the best pass,
// with megabytes of 10^6 bytes of UTF-8.
Json bench_tokenize(const BenchTokenizeConfig& config);

}  // namespace retort::measure
