#include "retort/augment/masked_copies.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::augment {

MaskedCopies::MaskedCopies(const text::Tokenizer& tokenizer, int64_t max_tokens)
    : cls_id_(tokenizer.cls_id()),
      sep_id_(tokenizer.sep_id()),
      mask_id_(tokenizer.mask_id()),
      max_tokens_(max_tokens) {}

void MaskedCopies::add(std::span<const int32_t> pieces, std::span<const int32_t> masked) {
  RETORT_CHECK(static_cast<int64_t>(pieces.size()) + 2 <= max_tokens_, "{} pieces in {} tokens", pieces.size(),
               max_tokens_);
  texts_.push_back(pieces);
  for (const int32_t piece : masked) places_.push_back(piece + 1);  // after [CLS]
  mask_starts_.push_back(mask_count());
}

int64_t MaskedCopies::token_count(int64_t row) const {
  return std::min<int64_t>(2 * static_cast<int64_t>(texts_[static_cast<size_t>(row)].size()) + 3, max_tokens_);
}

std::span<const int32_t> MaskedCopies::places(int64_t row) const {
  const auto begin = static_cast<size_t>(first_mask(row)), end = static_cast<size_t>(first_mask(row + 1));
  return std::span(places_).subspan(begin, end - begin);
}

void MaskedCopies::append(int64_t row, data::Batch& batch) const {
  const std::span<const int32_t> pieces = texts_[static_cast<size_t>(row)];
  std::vector<int32_t> ids{cls_id_};
  ids.reserve(2 * pieces.size() + 3);
  ids.insert(ids.end(), pieces.begin(), pieces.end());
  for (const int32_t place : places(row)) ids[static_cast<size_t>(place)] = mask_id_;
  ids.push_back(sep_id_);
  const auto second_start = static_cast<int64_t>(ids.size());
  ids.insert(ids.end(), pieces.begin(), pieces.end());
  ids.push_back(sep_id_);
  ids.resize(static_cast<size_t>(token_count(row)));
  batch.tokens.append(ids, second_start);
  batch.rows.push_back(row);
}

}  // namespace retort::augment
