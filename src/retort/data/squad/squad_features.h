// SQuAD questions as token sequences: [CLS] question [SEP] window of the context [SEP], one feature per window, equal
// to the reference procedure's (transformers 4.x, squad_convert_examples_to_features with the BERT tokenizer). Stored
// as columns without padding: the pieces of a context once per paragraph, those of a question once per question, and
// per feature only the position of its window; a batch assembles the sequences.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "retort/base/fields.h"
#include "retort/data/column_store.h"
#include "retort/data/squad/squad_data.h"
#include "retort/data/squad/squad_windows.h"

namespace retort::data {

struct SquadFeatureOptions {
  int64_t max_seq_length = 384;   // tokens of a sequence, with [CLS] and [SEP]
  int64_t doc_stride = 128;       // pieces from one window's start to the next
  int64_t max_query_length = 64;  // maximum number of pieces of a question
  bool version_2_with_negative = false;

  void fields(FieldList& list);
  // The flags except max_seq_length.
  void window_fields(FieldList& list);
  // Throws UserError when the options leave no room for a context or exceed the model's maximum length
  // (`model_max_length`; 0: unknown).
  void check(int64_t model_max_length) const;
  // Returns a warning if windows may not overlap, because training then loses answers that cross an edge.
  std::optional<std::string> stride_warning() const;
};

// One feature; the spans point into the SquadFeatures.
struct SquadFeature {
  int64_t example_index = 0;              // into SquadData::examples
  int64_t window_index = 0;               // among the example's windows
  std::span<const int32_t> question_ids;  // [Q] truncated
  std::span<const int32_t> window_ids;    // [W] pieces of the context
  std::span<const int32_t> window_words;  // [W] word of the context each piece belongs to
  int32_t window_start = 0;               // pieces of the context before the window
  int32_t start_position = 0,
          end_position = 0;  // labels: tokens of the sequence, inclusive; 0, 0: no answer in the window

  int64_t token_count() const { return static_cast<int64_t>(question_ids.size() + window_ids.size()) + 3; }
  // Returns the first token of the window in the sequence.
  int64_t window_offset() const { return static_cast<int64_t>(question_ids.size()) + 2; }
};

class SquadFeatures {
 public:
  // `store` comes from `columns()` or has passed check_squad_features.
  explicit SquadFeatures(ColumnStore store);

  int64_t feature_count() const { return static_cast<int64_t>(windows_.size()); }
  int64_t example_count() const { return static_cast<int64_t>(example_contexts_.size()); }
  SquadFeature feature(int64_t index) const;
  // The features begin..end-1 of an example; none for an empty context or a skipped example.
  struct FeatureRange {
    int64_t begin = 0, end = 0;
  };
  FeatureRange features_of(int64_t example_index) const;
  // Returns the byte ranges of the words of an example's context.
  std::span<const text::Range> words_of(int64_t example_index) const;
  // Returns true when no other window of the example has more context for the token at `window_position` (0 <= .. < W).
  bool has_max_context(int64_t feature_index, int64_t window_position) const;

  int32_t cls_id() const { return cls_id_; }
  int32_t sep_id() const { return sep_id_; }
  int64_t skipped_count() const { return skipped_count_; }  // skipped records and answers
  const ColumnStore& columns() const { return store_; }

 private:
  ColumnStore store_;
  int32_t cls_id_ = 0, sep_id_ = 0;
  int64_t skipped_count_ = 0;
  std::span<const int64_t> context_piece_starts_, context_word_starts_;  // [contexts + 1]
  std::span<const int32_t> piece_ids_, piece_words_;                     // [pieces]
  std::span<const text::Range> word_bytes_;                              // [words]
  std::span<const int32_t> example_contexts_;                            // [examples]
  std::span<const int64_t> question_starts_, example_feature_starts_;    // [examples + 1]
  std::span<const int32_t> question_ids_;
  std::span<const int32_t> feature_examples_, start_positions_, end_positions_;  // [features]
  std::span<const Window> windows_;                                              // [features]
};

}  // namespace retort::data
