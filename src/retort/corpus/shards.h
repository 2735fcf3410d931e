// Articles of sentences -> training and test shards of nearly equal numbers of sentences, by the rounds of the
// published program (NVIDIA's TextSharding.py, as described in docs/pretraining.md): whole articles, the longest first,
// each shard taking one a round while it has not more sentences than the median.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/base/file.h"

namespace retort::corpus {

struct ShardOptions {
  int64_t n_training_shards = 256, n_test_shards = 256;
  double fraction_test_set = 0.1;  // share of the sentences

  void fields(FieldList& list);
};

struct ShardPlan {
  std::vector<std::vector<int64_t>> training, test;  // numbers of articles, in the order in which they are written
  int64_t raised_training = 0, raised_test = 0;      // shards whose first article is longer than a shard should be
};

// Needs at least as many articles as shards, each with at least one sentence; throws UserError otherwise.
ShardPlan plan_shards(std::span<const int64_t> sentence_counts, const ShardOptions& options);

// Where an article of a file of sentences lies.
struct ArticleLines {
  int64_t offset = 0, byte_count = 0;  // of its lines, without blank ones around it
  int64_t sentence_count = 0;
};

// The articles of a file with a sentence a line and blank lines between articles. `on_progress` gets the bytes read so
// far. Throws UserError where a line is not UTF-8.
std::vector<ArticleLines> index_articles(const fs::path& path, const std::function<void(int64_t)>& on_progress = {});

// Writes the articles with an empty line behind each, as one file that appears whole.
void write_shard(const fs::path& input, std::span<const ArticleLines> articles, std::span<const int64_t> chosen,
                 const fs::path& output);

// Bytes that write_shard writes.
int64_t shard_bytes(std::span<const ArticleLines> articles, std::span<const int64_t> chosen);

}  // namespace retort::corpus
