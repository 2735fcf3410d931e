// The pairs of one file as columns of a cache, without padding, whatever form the file has.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/data/column_store.h"

namespace retort::corpus {

// Gathers pairs.
class PairColumnsBuilder {
 public:
  // The first `first_count` ids are the first segment. `positions` of the masked tokens are those within the pair.
  void add(std::span<const int32_t> ids, int64_t first_count, std::span<const int32_t> positions,
           std::span<const int32_t> masked_ids, int32_t label);
  // Says that masks are drawn in each epoch: no pair has any.
  void set_dynamic() { is_dynamic_ = true; }
  data::ColumnStore finish() &&;

 private:
  std::vector<int64_t> starts_{0}, mask_starts_{0};
  std::vector<int32_t> ids_, first_counts_, positions_, masked_ids_, labels_;
  bool is_dynamic_ = false;
};

struct PairColumns {
  data::ColumnStore store;
  std::span<const int64_t> starts, mask_starts;           // [rows + 1]
  std::span<const int32_t> ids, first_counts;             // [tokens], [rows]
  std::span<const int32_t> masked_positions, masked_ids;  // [masked tokens]
  std::span<const int32_t> next_sentence_labels;          // [rows]
  bool is_dynamic = false;                                // masks are drawn in each epoch

  explicit PairColumns(data::ColumnStore columns);
  int64_t row_count() const { return static_cast<int64_t>(first_counts.size()); }
  int64_t token_count(int64_t row) const { return starts[row + 1] - starts[row]; }

  // Throws UserError that says what is wrong, without the file's name.
  static void check(const data::ColumnStore& columns, int64_t vocabulary_size);
};

}  // namespace retort::corpus
