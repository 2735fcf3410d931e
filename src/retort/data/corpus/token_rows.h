// Sequences of a token file as rows for training. Sequences that are longer than max_seq_length are cut into chunks
// that begin with [CLS] and end with [SEP]; those that are too short or mostly [UNK] are omitted.
#pragma once

#include <memory>
#include <vector>

#include "retort/base/fields.h"
#include "retort/data/batch.h"
#include "retort/data/corpus/token_file.h"

namespace retort::data {

struct TokenRowOptions {
  int64_t max_seq_length = 512;    // tokens of a row, with [CLS] and [SEP]
  int64_t min_seq_length = 12;     // shorter sequences are omitted
  double max_unknown_share = 0.5;  // sequences with this share of [UNK] or more are omitted

  void fields(FieldList& list);
};

// Rows have no labels and token type 0. Thread-safe to read; owns the file.
class TokenRowSet : public RowSet {
 public:
  // Throws UserError when no row remains.
  TokenRowSet(std::shared_ptr<const TokenFile> file, const TokenRowOptions& options);
  int64_t row_count() const override { return static_cast<int64_t>(rows_.size()); }
  int64_t token_count(int64_t row) const override;
  void append(int64_t row, Batch& batch) const override;

  int64_t short_count() const { return short_count_; }      // sequences omitted because of their length
  int64_t unknown_count() const { return unknown_count_; }  // omitted because of unknown tokens

 private:
  struct Row {
    uint32_t sequence, begin;
    uint16_t count;  // ids taken from the file
    bool needs_cls, needs_sep;
  };
  void add_sequence(int64_t sequence, std::vector<int32_t>& ids, const TokenRowOptions& options);

  std::shared_ptr<const TokenFile> file_;
  std::vector<Row> rows_;
  int64_t short_count_ = 0, unknown_count_ = 0;
};

}  // namespace retort::data
