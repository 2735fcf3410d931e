#include "retort/corpus/pair_columns.h"

#include "retort/base/error.h"
#include "retort/data/column_check.h"

namespace retort::corpus {

void PairColumnsBuilder::add(std::span<const int32_t> ids, int64_t first_count, std::span<const int32_t> positions,
                             std::span<const int32_t> masked_ids, int32_t label) {
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  starts_.push_back(static_cast<int64_t>(ids_.size()));
  first_counts_.push_back(static_cast<int32_t>(first_count));
  positions_.insert(positions_.end(), positions.begin(), positions.end());
  masked_ids_.insert(masked_ids_.end(), masked_ids.begin(), masked_ids.end());
  mask_starts_.push_back(static_cast<int64_t>(positions_.size()));
  labels_.push_back(label);
}

data::ColumnStore PairColumnsBuilder::finish() && {
  data::ColumnStore columns;
  columns.add("starts", std::move(starts_)), columns.add("mask_starts", std::move(mask_starts_));
  columns.add("ids", std::move(ids_)), columns.add("first_counts", std::move(first_counts_));
  columns.add("masked_positions", std::move(positions_)), columns.add("masked_ids", std::move(masked_ids_));
  columns.add("next_sentence_labels", std::move(labels_));
  columns.add("is_dynamic", std::vector<int32_t>{is_dynamic_});
  return columns;
}

PairColumns::PairColumns(data::ColumnStore columns)
    : store(std::move(columns)),
      starts(store.get<int64_t>("starts")),
      mask_starts(store.get<int64_t>("mask_starts")),
      ids(store.get<int32_t>("ids")),
      first_counts(store.get<int32_t>("first_counts")),
      masked_positions(store.get<int32_t>("masked_positions")),
      masked_ids(store.get<int32_t>("masked_ids")),
      next_sentence_labels(store.get<int32_t>("next_sentence_labels")),
      is_dynamic(store.get<int32_t>("is_dynamic")[0] != 0) {}

void PairColumns::check(const data::ColumnStore& columns, int64_t vocabulary_size) {
  const auto starts = columns.need<int64_t>("starts"), mask_starts = columns.need<int64_t>("mask_starts");
  const auto ids = columns.need<int32_t>("ids"), first_counts = columns.need<int32_t>("first_counts");
  const auto positions = columns.need<int32_t>("masked_positions"), masked = columns.need<int32_t>("masked_ids");
  const auto labels = columns.need<int32_t>("next_sentence_labels");
  data::check_element_count("is_dynamic", columns.need<int32_t>("is_dynamic").size(), 1);
  data::check_element_count("starts", starts.size(), first_counts.size() + 1);
  data::check_element_count("mask_starts", mask_starts.size(), first_counts.size() + 1);
  data::check_element_count("masked_ids", masked.size(), positions.size());
  data::check_element_count("next_sentence_labels", labels.size(), first_counts.size());
  data::check_starts("starts", starts, ids.size());
  data::check_starts("mask_starts", mask_starts, positions.size());
  data::check_below("ids", ids, vocabulary_size);
  data::check_below("masked_ids", masked, vocabulary_size);
  data::check_below("next_sentence_labels", labels, 2);
  for (size_t row = 0; row < first_counts.size(); ++row) {
    const int64_t length = starts[row + 1] - starts[row];
    if (length < 1 || first_counts[row] < 0 || first_counts[row] > length)
      throw UserError("its row {} must have tokens in both segments, but has {} of {} in the first", row,
                      first_counts[row], length);
    for (int64_t i = mask_starts[row]; i < mask_starts[row + 1]; ++i)
      if (positions[i] < 0 || positions[i] >= length)
        throw UserError("its row {} must have masked positions below {}, but has {}", row, length, positions[i]);
  }
}

}  // namespace retort::corpus
