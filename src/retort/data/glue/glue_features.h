// GLUE examples as token sequences: [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with token type 1 from B on, equal to those
// of the transformers tokenizers for (text, pair) with truncation. Stored as columns without padding.
#pragma once

#include <cstdint>
#include <span>

#include "retort/base/fields.h"
#include "retort/data/column_store.h"
#include "retort/data/glue/glue_reader.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

struct GlueFeatureOptions {
  int64_t max_seq_length = 128;  // tokens of a sequence, with [CLS] and [SEP]; longer texts are truncated

  void fields(FieldList& list);
  // Throws UserError when the length leaves no room for a text or exceeds the model's (`model_max_length`; 0: unknown).
  void check(int64_t model_max_length) const;
};

// One sequence; the span points into the GlueFeatures.
struct GlueFeature {
  std::span<const int32_t> ids;  // [S] at least [CLS] [SEP]
  int64_t segment_b_start = 0;   // first token of B with type 1; S for single sentences
  int32_t label = -1;            // class number; -1 without labels and for regression
  float target = 0;              // regression target
  int64_t index = 0;             // index of the record in a submission
};

class GlueFeatures {
 public:
  // Tokenizes in parallel; the result does not depend on the number of threads.
  static GlueFeatures make(const GlueData& data, const GlueTask& task, const text::Tokenizer& tokenizer,
                           const GlueFeatureOptions& options);
  // Properties that a feature cache must have.
  struct Expected {
    const GlueTask& task;
    bool has_labels = true;
    int64_t vocabulary_size = 0;
    GlueFeatureOptions options = {};
  };
  // Throws UserError, without the file's name, when cached columns do not have them.
  static void check(const ColumnStore& store, const Expected& expected);
  // `store` comes from `columns()` or has passed `check`.
  explicit GlueFeatures(ColumnStore store);

  int64_t feature_count() const { return static_cast<int64_t>(labels_.size()); }
  int64_t token_count(int64_t index) const { return row_starts_[index + 1] - row_starts_[index]; }
  GlueFeature feature(int64_t index) const;
  std::span<const int32_t> labels() const { return labels_; }            // [B]
  std::span<const float> targets() const { return targets_; }            // [B]
  std::span<const int64_t> row_indexes() const { return row_indexes_; }  // [B] indexes in a submission
  int64_t truncated_count() const { return truncated_count_; }           // truncated sequences
  int64_t skipped_count() const { return skipped_count_; }               // records that the reader skipped
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
