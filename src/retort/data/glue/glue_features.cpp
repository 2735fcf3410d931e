#include "retort/data/glue/glue_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/data/column_check.h"
#include "retort/text/truncation.h"

namespace retort::data {
namespace {

// Examples per task of the parallel loop.
constexpr int64_t kBlockExamples = 512;

// The sequences of consecutive examples, concatenated.
struct Block {
  std::vector<int32_t> ids, lengths, segment_b_starts;
  int64_t truncated_count = 0;
};

class BlockMaker {
 public:
  BlockMaker(const text::Tokenizer& tokenizer, const GlueFeatureOptions& options, bool is_pair)
      : tokenizer_(tokenizer), budget_(options.max_seq_length - (is_pair ? 3 : 2)), is_pair_(is_pair) {}

  Block make(std::span<const GlueExample> examples) {
    Block block;
    for (const GlueExample& example : examples) add(example, block);
    return block;
  }

 private:
  void add(const GlueExample& example, Block& block) {
    first_.clear(), second_.clear();
    tokenizer_.encode(example.text_a, first_);
    if (is_pair_) tokenizer_.encode(example.text_b, second_);
    const text::PairLengths lengths{static_cast<int64_t>(first_.ids.size()), static_cast<int64_t>(second_.ids.size())};
    const text::PairLengths kept = text::truncate_pair(lengths, budget_, text::TruncationStrategy::kLongestFirst);
    if (kept.first + kept.second < lengths.first + lengths.second) ++block.truncated_count;

    const size_t begin = block.ids.size();
    block.ids.push_back(tokenizer_.cls_id());
    append(first_.ids, kept.first, block.ids);
    block.segment_b_starts.push_back(static_cast<int32_t>(block.ids.size() - begin));
    if (is_pair_) append(second_.ids, kept.second, block.ids);
    block.lengths.push_back(static_cast<int32_t>(block.ids.size() - begin));
  }

  void append(const std::vector<int32_t>& pieces, int64_t kept, std::vector<int32_t>& ids) const {
    ids.insert(ids.end(), pieces.begin(), pieces.begin() + kept);
    ids.push_back(tokenizer_.sep_id());
  }

  const text::Tokenizer& tokenizer_;
  const int64_t budget_;
  const bool is_pair_;
  text::Encoding first_, second_;  // reused to avoid allocations
};

std::vector<Block> make_blocks(std::span<const GlueExample> examples, const text::Tokenizer& tokenizer,
                               const GlueFeatureOptions& options, bool is_pair) {
  const auto count = static_cast<int64_t>(examples.size());
  std::vector<Block> blocks((count + kBlockExamples - 1) / kBlockExamples);
  parallel_for(static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
    BlockMaker maker(tokenizer, options, is_pair);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlockExamples;
      blocks[block] = maker.make(examples.subspan(first, std::min(kBlockExamples, count - first)));
    }
  });
  return blocks;
}

// Concatenates the column `member` of all blocks.
std::vector<int32_t> join(const std::vector<Block>& blocks, std::vector<int32_t> Block::*member) {
  size_t count = 0;
  for (const Block& block : blocks) count += (block.*member).size();
  std::vector<int32_t> joined;
  joined.reserve(count);
  for (const Block& block : blocks) joined.insert(joined.end(), (block.*member).begin(), (block.*member).end());
  return joined;
}

void add_row_starts(const std::vector<Block>& blocks, ColumnStore& store) {
  std::vector<int64_t> starts = {0};
  for (const Block& block : blocks)
    for (const int32_t length : block.lengths) starts.push_back(starts.back() + length);
  store.add("row_starts", std::move(starts));
}

void add_answers(std::span<const GlueExample> examples, ColumnStore& store) {
  std::vector<int32_t> labels;
  std::vector<float> targets;
  std::vector<int64_t> indexes;
  for (const GlueExample& example : examples) {
    labels.push_back(example.label);
    targets.push_back(example.target);
    indexes.push_back(example.index);
  }
  store.add("labels", std::move(labels));
  store.add("targets", std::move(targets));
  store.add("row_indexes", std::move(indexes));
}

void check_answers(const ColumnStore& store, const GlueFeatures::Expected& expected, size_t rows) {
  const auto labels = store.need<int32_t>("labels");
  const auto targets = store.need<float>("targets");
  check_element_count("labels", labels.size(), rows);
  check_element_count("targets", targets.size(), rows);
  const bool has_classes = expected.has_labels && !expected.task.is_regression();
  if (has_classes) check_below("labels", labels, expected.task.output_count());
  if (!has_classes && std::any_of(labels.begin(), labels.end(), [](int32_t label) { return label != -1; }))
    throw UserError("its column `labels` must be -1 without classes, but is not");
  if (!std::all_of(targets.begin(), targets.end(), [](float target) { return std::isfinite(target); }))
    throw UserError("its column `targets` must hold finite numbers, but does not");
}

}  // namespace

void GlueFeatureOptions::fields(FieldList& list) {
  list.add("max_seq_length", max_seq_length,
           {.help = "Maximum tokens per sequence, with [CLS] and [SEP]; longer texts are truncated.",
            .unit = "tokens",
            .min = 4});
}

void GlueFeatureOptions::check(int64_t model_max_length) const {
  if (max_seq_length < 4)
    throw UserError("`max_seq_length` must be at least 4 ([CLS], two [SEP] and a token), but is {}; 128 is usual",
                    max_seq_length);
  if (model_max_length > 0 && max_seq_length > model_max_length)
    throw UserError("`max_seq_length` must be at most {} (the positions of the model), but is {}", model_max_length,
                    max_seq_length);
}

GlueFeatures GlueFeatures::make(const GlueData& data, const GlueTask& task, const text::Tokenizer& tokenizer,
                                const GlueFeatureOptions& options) {
  options.check(/*model_max_length=*/0);
  const std::vector<Block> blocks = make_blocks(data.examples, tokenizer, options, task.is_pair());
  const int64_t truncated =
      std::accumulate(blocks.begin(), blocks.end(), int64_t{0},
                      [](int64_t sum, const Block& block) { return sum + block.truncated_count; });
  ColumnStore store;
  store.add("scalars", std::vector<int64_t>{truncated, data.skipped.count});
  add_row_starts(blocks, store);
  store.add("ids", join(blocks, &Block::ids));
  store.add("segment_b_starts", join(blocks, &Block::segment_b_starts));
  add_answers(data.examples, store);
  return GlueFeatures(std::move(store));
}

void GlueFeatures::check(const ColumnStore& store, const Expected& expected) {
  const auto scalars = store.need<int64_t>("scalars"), row_starts = store.need<int64_t>("row_starts");
  const auto ids = store.need<int32_t>("ids"), segment_b_starts = store.need<int32_t>("segment_b_starts");
  check_element_count("scalars", scalars.size(), 2);
  check_starts("row_starts", row_starts, ids.size());
  check_below("ids", ids, expected.vocabulary_size);
  const size_t rows = row_starts.size() - 1;
  check_element_count("segment_b_starts", segment_b_starts.size(), rows);
  check_element_count("row_indexes", store.need<int64_t>("row_indexes").size(), rows);
  for (size_t row = 0; row < rows; ++row) {
    const int64_t length = row_starts[row + 1] - row_starts[row];
    if (length < 2 || length > expected.options.max_seq_length || segment_b_starts[row] < 0 ||
        segment_b_starts[row] > length)
      throw UserError("its row {} must have 2 to {} tokens that contain the second text, but has {}", row,
                      expected.options.max_seq_length, length);
  }
  check_answers(store, expected, rows);
}

GlueFeatures::GlueFeatures(ColumnStore store) : store_(std::move(store)) {
  const auto scalars = store_.get<int64_t>("scalars");
  RETORT_CHECK(scalars.size() == 2, "{} scalars", scalars.size());
  truncated_count_ = scalars[0];
  skipped_count_ = scalars[1];
  row_starts_ = store_.get<int64_t>("row_starts");
  ids_ = store_.get<int32_t>("ids");
  segment_b_starts_ = store_.get<int32_t>("segment_b_starts");
  labels_ = store_.get<int32_t>("labels");
  targets_ = store_.get<float>("targets");
  row_indexes_ = store_.get<int64_t>("row_indexes");
}

GlueFeature GlueFeatures::feature(int64_t index) const {
  return {.ids = ids_.subspan(row_starts_[index], token_count(index)),
          .segment_b_start = segment_b_starts_[index],
          .label = labels_[index],
          .target = targets_[index],
          .index = row_indexes_[index]};
}

}  // namespace retort::data
