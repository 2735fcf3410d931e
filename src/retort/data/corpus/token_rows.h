// Sequences of a token file as rows for the trainer. What is longer than the model takes is cut into chunks that begin
// with [CLS] and end with [SEP]; what is too short or mostly unknown is left out.
#pragma once

#include <memory>
#include <vector>

#include "retort/base/fields.h"
#include "retort/data/batch.h"
#include "retort/data/corpus/token_file.h"

namespace retort::data {

struct TokenRowOptions {
  int64_t max_seq_length = 512;    // tokens of a row, [CLS] and [SEP] included
  int64_t min_seq_length = 12;     // shorter sequences are left out
  double max_unknown_share = 0.5;  // sequences with this share of [UNK] or more are left out

  void fields(FieldList& list);
};

// Labels are none; token types are 0. Thread-safe to read; holds the file.
class TokenRowSet : public RowSet {
 public:
  // Throws UserError when no row is left.
  TokenRowSet(std::shared_ptr<const TokenFile> file, const TokenRowOptions& options);
  int64_t row_count() const override { return static_cast<int64_t>(rows_.size()); }
  int64_t token_count(int64_t row) const override;
  void append(int64_t row, Batch& batch) const override;

  int64_t short_count() const { return short_count_; }      // sequences left out because of their length
  int64_t unknown_count() const { return unknown_count_; }  // because of unknown tokens

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
