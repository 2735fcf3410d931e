// The model's input: ragged tokens and, per sequence, the labels of the task.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "retort/kernel/ragged.h"

namespace retort::data {

// The label of a token that losses ignore.
inline constexpr int32_t kNoTokenLabel = -100;

// Sequences that go through the model together.
struct Batch {
  kernel::Ragged tokens;
  std::vector<int64_t> rows;                 // [B] row of the RowSet that each sequence comes from
  std::vector<std::vector<int32_t>> labels;  // one column [B] per label of the task (SQuAD: start, end; GLUE: class)
  std::vector<float> targets;                // [B] regression targets; empty otherwise
  std::vector<int32_t> token_labels;         // [T] the target id of each token or kNoTokenLabel; may be empty
};

// Returns the tokens that have a label, in order.
inline std::vector<int32_t> labelled_tokens(const Batch& batch) {
  std::vector<int32_t> tokens;
  for (size_t t = 0; t < batch.token_labels.size(); ++t)
    if (batch.token_labels[t] != kNoTokenLabel) tokens.push_back(static_cast<int32_t>(t));
  return tokens;
}

// Sequences with random access that are assembled into batches, such as a feature cache. Thread-safe to read.
class RowSet {
 public:
  virtual ~RowSet() = default;
  virtual int64_t row_count() const = 0;
  virtual int64_t token_count(int64_t row) const = 0;
  // Appends row `row` (tokens, labels, its number) to the batch.
  virtual void append(int64_t row, Batch& batch) const = 0;
};

}  // namespace retort::data
