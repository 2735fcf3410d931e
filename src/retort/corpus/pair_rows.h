// Pairs of sentences as rows for the trainer, from any form that pre-training data has:
//   sentence shards (*.txt): tokenized once into a cache; the pairs and masks of every epoch are drawn anew
//   instances (*.hdf5, packed or not; *.parquet): the pairs that are in them, the same in every epoch, and the masks
//   that are in them; of Parquet files without masks, those of every epoch are drawn anew
// Each file becomes one cache file that is memory-mapped, so memory does not grow with the corpus, every row can be
// reached at any time, and each is drawn once an epoch, whatever the number of files and processes.
// A row: tokens [CLS] A [SEP] B [SEP] with segments; token_labels, the ids to predict at masked tokens; labels[0], 1
// for a random second segment.
#pragma once

#include <memory>
#include <vector>

#include "retort/base/file.h"
#include "retort/corpus/instances.h"
#include "retort/data/column_store.h"
#include "retort/data/feature_cache.h"
#include "retort/data/source.h"
#include "retort/text/tokenizer.h"

namespace retort::corpus {

// Draws the pairs of an epoch from sentence shards. The partner of a random pair comes from the same shard, as in the
// published program. Thread-safe.
class SentencePairs final : public data::EpochRows {
 public:
  // Tokenizes the shards that are not in the cache. Throws UserError for a shard that cannot be read or has no
  // sentence.
  SentencePairs(const std::vector<fs::path>& shards, const text::Tokenizer& tokenizer, const InstanceOptions& options,
                const data::CacheOptions& cache);
  std::shared_ptr<const data::RowSet> rows_of(int64_t epoch) const override;

 private:
  std::vector<data::ColumnStore> shards_;
  InstanceOptions options_;
  InstanceVocabulary vocabulary_;
};

// The pairs of instance files of one form. Thread-safe.
class StoredPairs final : public data::EpochRows {
 public:
  // Reads the files that are not in the cache. Throws UserError for a damaged file, for ids or pieces that the
  // vocabulary lacks, for pairs longer than `max_seq_length`, and for files with masks among files without.
  StoredPairs(const std::vector<fs::path>& files, const text::Tokenizer& tokenizer, const InstanceOptions& options,
              const data::CacheOptions& cache);
  ~StoredPairs() override;
  std::shared_ptr<const data::RowSet> rows_of(int64_t epoch) const override;

 private:
  struct Content;  // shared with the rows

  std::shared_ptr<const Content> content_;
};

}  // namespace retort::corpus
