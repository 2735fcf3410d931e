// Copies of texts with one piece masked, as rows for a masked language model: [CLS] masked text [SEP] text [SEP] with
// token type 1 behind the first [SEP], cut at the longest sequence that the model takes. Beside the tokens a row has
// one label: the place of [MASK] in its sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/data/batch.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

class MaskedCopies final : public RowSet {
 public:
  MaskedCopies(const text::Tokenizer& tokenizer, int64_t max_tokens);

  // The copy with piece `piece` masked; at most max_tokens - 2 pieces, which must outlive this object.
  void add(std::span<const int32_t> pieces, int32_t piece);

  int64_t row_count() const override { return static_cast<int64_t>(copies_.size()); }
  int64_t token_count(int64_t row) const override;
  void append(int64_t row, Batch& batch) const override;

 private:
  struct Copy {
    std::span<const int32_t> pieces;
    int32_t piece;
  };
  int32_t cls_id_, sep_id_, mask_id_;
  int64_t max_tokens_;
  std::vector<Copy> copies_;
};

}  // namespace retort::data
