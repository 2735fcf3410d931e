// Rows of sentence shards and of instance files: the same pairs for one epoch, others for the next, and what a file
// holds.
#include "retort/corpus/pair_rows.h"

#include <gtest/gtest.h>

#include <set>

#include "recipe/tiny_world.h"
#include "retort/corpus/instance_file.h"

namespace retort::corpus {
namespace {

constexpr InstanceOptions kOptions{.max_seq_length = 32, .max_predictions_per_seq = 5, .random_seed = 7};

// Two shards of the passages of the tiny world, one sentence a line.
std::vector<fs::path> write_shards(const fs::path& folder) {
  std::vector<fs::path> shards{folder / "a_training_0.txt", folder / "a_training_1.txt"};
  for (size_t i = 0; i < shards.size(); ++i) write_file_atomically(shards[i], tiny::sentence_shard(i, shards.size()));
  return shards;
}

data::Batch batch_of(const data::RowSet& rows) {
  data::Batch batch;
  for (int64_t row = 0; row < rows.row_count(); ++row) rows.append(row, batch);
  return batch;
}

class PairRows : public testing::Test {
 protected:
  const tiny::TemporaryFolder folder_;
  const std::vector<fs::path> shards_ = write_shards(folder_.path());
  const text::Tokenizer tokenizer_ = text::Tokenizer::load(tiny::bert_folder());
  const data::CacheOptions cache_{.cache_dir = (folder_ / "cache").string()};
};

TEST_F(PairRows, AnEpochIsDrawnAlikeAndTheNextAnew) {
  const SentencePairs pairs(shards_, tokenizer_, kOptions, cache_);
  const SentencePairs again(shards_, tokenizer_, kOptions, {.use_cache = false});
  const data::Batch first = batch_of(*pairs.rows_of(0)), second = batch_of(*again.rows_of(0));
  EXPECT_GT(first.tokens.sequences(), 20);
  EXPECT_EQ(first.tokens.ids, second.tokens.ids);
  EXPECT_EQ(first.token_labels, second.token_labels);
  EXPECT_EQ(first.labels, second.labels);
  EXPECT_NE(batch_of(*pairs.rows_of(1)).tokens.ids, first.tokens.ids);
}

TEST_F(PairRows, RowsAreWhatTheModelReads) {
  const SentencePairs pairs(shards_, tokenizer_, kOptions, cache_);
  const auto rows = pairs.rows_of(3);
  std::set<int32_t> next;
  for (int64_t row = 0; row < rows->row_count(); ++row) {
    data::Batch batch;
    rows->append(row, batch);
    const auto& ids = batch.tokens.ids;
    ASSERT_EQ(static_cast<int64_t>(ids.size()), rows->token_count(row));
    ASSERT_LE(ids.size(), 32u);
    EXPECT_EQ(ids.front(), tokenizer_.cls_id());
    EXPECT_EQ(ids.back(), tokenizer_.sep_id());
    EXPECT_EQ(batch.tokens.segments.front(), 0);
    EXPECT_EQ(batch.tokens.segments.back(), 1);
    int64_t labeled = 0;
    for (size_t t = 0; t < ids.size(); ++t) {
      if (batch.token_labels[t] == data::kNoTokenLabel) continue;
      ++labeled;
      EXPECT_NE(batch.token_labels[t], tokenizer_.cls_id());
      EXPECT_NE(batch.token_labels[t], tokenizer_.sep_id());
    }
    EXPECT_EQ(labeled, count_masked(static_cast<int64_t>(ids.size()), 0.15, 5));
    next.insert(batch.labels.at(0).at(0));
  }
  EXPECT_EQ(next, (std::set<int32_t>{0, 1}));
}

TEST_F(PairRows, InstanceFilesGiveTheirPairs) {
  const SentencePairs pairs(shards_, tokenizer_, kOptions, cache_);
  const data::Batch batch = batch_of(*pairs.rows_of(0));
  const int64_t count = batch.tokens.sequences();
  const InstanceShape shape{.row_count = count, .sequence_length = 32, .prediction_count = 5};
  InstanceFileWriter writer(folder_ / "pairs.hdf5", shape);
  InstanceRows rows;
  for (int64_t chunk = 0; chunk < writer.chunk_count(); ++chunk) {
    rows.resize(writer.rows_per_chunk(), shape);
    for (int64_t i = 0; i < writer.rows_per_chunk() && chunk * writer.rows_per_chunk() + i < count; ++i) {
      const int64_t row = chunk * writer.rows_per_chunk() + i;
      Instance instance{.is_random_next = batch.labels[0][row] == 1};
      for (int32_t t = batch.tokens.starts[row]; t < batch.tokens.starts[row + 1]; ++t) {
        instance.ids.push_back(batch.tokens.ids[t]);
        instance.first_count += batch.tokens.segments[t] == 0;
        if (batch.token_labels[t] == data::kNoTokenLabel) continue;
        instance.masked_positions.push_back(t - batch.tokens.starts[row]);
        instance.masked_ids.push_back(batch.token_labels[t]);
      }
      rows.set(i, shape, instance);
    }
    writer.write(chunk, writer.compress(rows.arrays()));
  }
  writer.publish("");
  const StoredPairs stored({folder_ / "pairs.hdf5"}, tokenizer_, kOptions, cache_);
  const data::Batch read = batch_of(*stored.rows_of(0));
  EXPECT_EQ(read.tokens.ids, batch.tokens.ids);
  EXPECT_EQ(read.tokens.segments, batch.tokens.segments);
  EXPECT_EQ(read.token_labels, batch.token_labels);
  EXPECT_EQ(read.labels, batch.labels);
  EXPECT_EQ(batch_of(*stored.rows_of(1)).token_labels, batch.token_labels);  // its masks are the same in every epoch
  InstanceOptions shorter = kOptions;
  shorter.max_seq_length = 16;
  EXPECT_EQ(tiny::message_of([&] { StoredPairs({folder_ / "pairs.hdf5"}, tokenizer_, shorter, cache_); }).substr(0, 36),
            "`max_seq_length` must be at least 32");
}

fs::path published(const char* name) { return fs::path(RETORT_FIXTURES) / "corpus" / name; }

text::Tokenizer published_tokenizer() {
  return text::Tokenizer::from_vocabulary(
      read_json_file(published("pairs.json"))["pieces"].get<std::vector<std::string>>());
}

TEST_F(PairRows, APackedRowIsSeveralSequences) {
  const text::Tokenizer tokenizer = published_tokenizer();
  const data::Batch packed =
      batch_of(*StoredPairs({published("packed_published.hdf5")}, tokenizer, kOptions, cache_).rows_of(0));
  const data::Batch rows =
      batch_of(*StoredPairs({published("lddl_static.parquet")}, tokenizer, kOptions, cache_).rows_of(0));
  ASSERT_EQ(packed.tokens.sequences(), rows.tokens.sequences());
  // The same sequences in another order: of each its ids, segments, positions, masks and label.
  const auto sequences_of = [](const data::Batch& batch) {
    std::multiset<std::vector<int32_t>> all;
    for (int64_t i = 0; i < batch.tokens.sequences(); ++i) {
      std::vector<int32_t> one{batch.labels[0][i]};
      for (int32_t t = batch.tokens.starts[i]; t < batch.tokens.starts[i + 1]; ++t)
        one.insert(one.end(),
                   {batch.tokens.ids[t], batch.tokens.segments[t], batch.tokens.positions[t], batch.token_labels[t]});
      all.insert(one);
    }
    return all;
  };
  EXPECT_EQ(sequences_of(packed), sequences_of(rows));
  for (int64_t i = 0; i < packed.tokens.sequences(); ++i)
    EXPECT_EQ(packed.tokens.positions[packed.tokens.starts[i]], 0);
}

TEST_F(PairRows, MasksThatNoFileHoldsAreDrawnInEachEpoch) {
  const text::Tokenizer tokenizer = published_tokenizer();
  const std::vector<fs::path> bins{published("lddl_dynamic.parquet_0"), published("lddl_dynamic.parquet_1")};
  const StoredPairs pairs(bins, tokenizer, kOptions, cache_), again(bins, tokenizer, kOptions, {.use_cache = false});
  const data::Batch first = batch_of(*pairs.rows_of(0)), next = batch_of(*pairs.rows_of(1));
  EXPECT_EQ(batch_of(*again.rows_of(0)).token_labels, first.token_labels);
  EXPECT_NE(next.token_labels, first.token_labels);
  EXPECT_EQ(next.tokens.starts, first.tokens.starts);
  int64_t masked = 0;
  for (int64_t i = 0; i < first.tokens.sequences(); ++i) {
    int64_t own = 0;
    for (int32_t t = first.tokens.starts[i]; t < first.tokens.starts[i + 1]; ++t) {
      if (first.token_labels[t] == data::kNoTokenLabel) {
        if (next.token_labels[t] == data::kNoTokenLabel) EXPECT_EQ(first.tokens.ids[t], next.tokens.ids[t]);
        continue;
      }
      ++own;
      masked += first.tokens.ids[t] == tokenizer.mask_id();
    }
    EXPECT_EQ(own, count_masked(first.tokens.starts[i + 1] - first.tokens.starts[i], 0.15, 5));
  }
  EXPECT_GT(masked, 0);
  EXPECT_NE(tiny::message_of([&] {
              StoredPairs({published("lddl_static.parquet"), bins[0]}, tokenizer, kOptions, cache_);
            }).find("lddl_dynamic.parquet_0` must hold masks, as the other files do, but does not; keep files"),
            std::string::npos);
}

TEST_F(PairRows, AShardWithoutSentencesIsRefused) {
  write_file_atomically(folder_ / "empty.txt", "\n\n");
  EXPECT_NE(tiny::message_of([&] {
              SentencePairs({folder_ / "empty.txt"}, tokenizer_, kOptions, cache_);
            }).find("must hold sentences, one a line, but holds none"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::corpus
