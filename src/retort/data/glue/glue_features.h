// GLUE examples as token sequences: [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with token type 1 from B on, equal to what
// the tokenizers of transformers make of (text, pair) with truncation. Stored as columns without padding.
#pragma once

#include <cstdint>
#include <span>

#include "retort/base/fields.h"
#include "retort/data/column_store.h"
#include "retort/data/glue/glue_reader.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

struct GlueFeatureOptions {
  int64_t max_seq_length = 128;  // tokens of a sequence, with [CLS] and [SEP]; longer texts lose their ends

  void fields(FieldList& list);
  // Throws UserError when the length leaves no room for a text, or is more than the model takes (`model_max_length`;
  // 0: unknown).
  void check(int64_t model_max_length) const;
};

// One sequence; the span points into the GlueFeatures.
struct GlueFeature {
  std::span<const int32_t> ids;  // [S] at least [CLS] [SEP]
  int64_t segment_b_start = 0;   // first token of B with type 1; S for single sentences
  int32_t label = -1;            // class number; -1 without labels and for regression
  float target = 0;              // of regression
  int64_t index = 0;             // number of the row in a submission
};

class GlueFeatures {
 public:
  // Tokenizes in parallel; the result does not depend on the number of threads.
  static GlueFeatures make(const GlueData& data, const GlueTask& task, const text::Tokenizer& tokenizer,
                           const GlueFeatureOptions& options);
  // What a cache of features must fit.
  struct Expected {
    const GlueTask& task;
    bool has_labels = true;
    int64_t vocabulary_size = 0;
    GlueFeatureOptions options = {};
  };
  // Throws UserError, without a file's name, for columns out of a cache that do not.
  static void check(const ColumnStore& store, const Expected& expected);
  // From columns that `columns()` gave, or that `check` has passed.
  explicit GlueFeatures(ColumnStore store);

  int64_t feature_count() const { return static_cast<int64_t>(labels_.size()); }
  int64_t token_count(int64_t index) const { return row_starts_[index + 1] - row_starts_[index]; }
  GlueFeature feature(int64_t index) const;
  std::span<const int32_t> labels() const { return labels_; }            // [B]
  std::span<const float> targets() const { return targets_; }            // [B]
  std::span<const int64_t> row_indexes() const { return row_indexes_; }  // [B] of a submission
  int64_t truncated_count() const { return truncated_count_; }           // sequences that lost tokens
  int64_t skipped_count() const { return skipped_count_; }               // records that reading left out
  const ColumnStore& columns() const { return store_; }

 private:
  ColumnStore store_;
  std::span<const int64_t> row_starts_;  // [B+1] into the ids
  std::span<const int32_t> ids_, segment_b_starts_, labels_;
  std::span<const float> targets_;
  std::span<const int64_t> row_indexes_;
  int64_t truncated_count_ = 0, skipped_count_ = 0;
};

}  // namespace retort::data
