#include "retort/data/masked_copies.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::data {

MaskedCopies::MaskedCopies(const text::Tokenizer& tokenizer, int64_t max_tokens)
    : cls_id_(tokenizer.cls_id()),
      sep_id_(tokenizer.sep_id()),
      mask_id_(tokenizer.mask_id()),
      max_tokens_(max_tokens) {}

void MaskedCopies::add(std::span<const int32_t> pieces, int32_t piece) {
  RETORT_CHECK(static_cast<int64_t>(pieces.size()) + 2 <= max_tokens_, "{} pieces in {} tokens", pieces.size(),
               max_tokens_);
  copies_.push_back({pieces, piece});
}

int64_t MaskedCopies::token_count(int64_t row) const {
  return std::min<int64_t>(2 * static_cast<int64_t>(copies_[static_cast<size_t>(row)].pieces.size()) + 3, max_tokens_);
}

void MaskedCopies::append(int64_t row, Batch& batch) const {
  const auto [pieces, piece] = copies_[static_cast<size_t>(row)];
  std::vector<int32_t> ids{cls_id_};
  ids.reserve(2 * pieces.size() + 3);
  ids.insert(ids.end(), pieces.begin(), pieces.end());
  ids[static_cast<size_t>(piece) + 1] = mask_id_;
  ids.push_back(sep_id_);
  const auto second_start = static_cast<int64_t>(ids.size());
  ids.insert(ids.end(), pieces.begin(), pieces.end());
  ids.push_back(sep_id_);
  ids.resize(static_cast<size_t>(token_count(row)));
  batch.tokens.append(ids, std::min<int64_t>(second_start, token_count(row)));
  batch.rows.push_back(row);
  if (batch.labels.empty()) batch.labels.resize(1);
  batch.labels[0].push_back(piece + 1);
}

}  // namespace retort::data
