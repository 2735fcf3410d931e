// Input sequences for a masked language model from texts with some masked pieces: [CLS] masked text [SEP] text [SEP],
// with token type 1 after the first [SEP], truncated to the model's maximum length.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/data/batch.h"
#include "retort/text/tokenizer.h"

namespace retort::augment {

class MaskedCopies final : public data::RowSet {
 public:
  MaskedCopies(const text::Tokenizer& tokenizer, int64_t max_tokens);

  // Adds the copy with these pieces masked, by index. `pieces` has at most max_tokens - 2 elements and must outlive
  // this object.
  void add(std::span<const int32_t> pieces, std::span<const int32_t> masked);

  int64_t row_count() const override { return static_cast<int64_t>(texts_.size()); }
  int64_t token_count(int64_t row) const override;
  void append(int64_t row, data::Batch& batch) const override;

  // Masks are numbered over all rows, in the order of `add`.
  int64_t mask_count() const { return static_cast<int64_t>(places_.size()); }
  int64_t first_mask(int64_t row) const { return mask_starts_[static_cast<size_t>(row)]; }
  // Positions of [MASK] in the row's sequence, in tokens.
  std::span<const int32_t> places(int64_t row) const;

 private:
  int32_t cls_id_, sep_id_, mask_id_;
  int64_t max_tokens_;
  std::vector<std::span<const int32_t>> texts_;
  std::vector<int64_t> mask_starts_{0};  // [rows + 1] into places_
  std::vector<int32_t> places_;
};

}  // namespace retort::augment
