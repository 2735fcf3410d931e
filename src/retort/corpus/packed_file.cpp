#include "retort/corpus/packed_file.h"

#include <algorithm>
#include <numeric>

#include "retort/base/error.h"

namespace retort::corpus {

void PackedRows::resize(int64_t rows, const PackedShape& shape) {
  row_count = rows;
  const auto tokens = static_cast<size_t>(rows * shape.sequence_length),
             predictions = static_cast<size_t>(rows * shape.prediction_count),
             sequences = static_cast<size_t>(rows * shape.sequences_per_row);
  for (std::vector<int32_t>* const array : {&input_ids, &input_mask, &positions}) array->assign(tokens, 0);
  segment_ids.assign(tokens, 0);
  for (std::vector<int32_t>* const array : {&masked_positions, &masked_ids}) array->assign(predictions, 0);
  for (std::vector<int32_t>* const array : {&next_sentence_positions, &next_sentence_weights})
    array->assign(sequences, 0);
  next_sentence_labels.assign(sequences, 0);
}

void PackedRows::append(int64_t row, const PackedShape& shape, const Instance& instance, Used& used) {
  const auto length = static_cast<int64_t>(instance.ids.size()),
             masked = static_cast<int64_t>(instance.masked_positions.size());
  // A 0 always ends the list of predictions, as in the published program.
  RETORT_CHECK(used.sequences < shape.sequences_per_row && used.tokens + length <= shape.sequence_length &&
                   used.predictions + masked < shape.prediction_count,
               "an instance of {} tokens and {} predictions is put behind {} of {} and {} of {}", length, masked,
               used.tokens, shape.sequence_length, used.predictions, shape.prediction_count);
  const int64_t at = row * shape.sequence_length + used.tokens;
  std::copy(instance.ids.begin(), instance.ids.end(), input_ids.begin() + at);
  std::fill_n(input_mask.begin() + at, length, static_cast<int32_t>(used.sequences + 1));
  std::fill(segment_ids.begin() + at + instance.first_count, segment_ids.begin() + at + length, int8_t{1});
  std::iota(positions.begin() + at, positions.begin() + at + length, 0);
  const int64_t masked_at = row * shape.prediction_count + used.predictions;
  for (int64_t i = 0; i < masked; ++i)
    masked_positions[masked_at + i] = static_cast<int32_t>(used.tokens + instance.masked_positions[i]);
  std::copy(instance.masked_ids.begin(), instance.masked_ids.end(), masked_ids.begin() + masked_at);
  const int64_t sequence = row * shape.sequences_per_row + used.sequences;
  next_sentence_positions[sequence] = static_cast<int32_t>(used.tokens);
  next_sentence_labels[sequence] = instance.is_random_next;
  next_sentence_weights[sequence] = 1;
  ++used.sequences, used.tokens += length, used.predictions += masked;
}

ArrayBytes PackedRows::arrays() {
  const auto bytes = [](auto& array) { return std::as_writable_bytes(std::span(array)); };
  return {bytes(input_ids),
          bytes(input_mask),
          bytes(segment_ids),
          bytes(positions),
          bytes(masked_positions),
          bytes(masked_ids),
          bytes(next_sentence_positions),
          bytes(next_sentence_labels),
          bytes(next_sentence_weights)};
}

std::vector<ArrayForm> packed_arrays(const PackedShape& shape) {
  const int64_t S = shape.sequence_length, P = shape.prediction_count, K = shape.sequences_per_row;
  return {{"input_ids", S, true},
          {"input_mask", S, true},
          {"segment_ids", S, false},
          {"positions", S, true},
          {"masked_lm_positions", P, true},
          {"masked_lm_ids", P, true},
          {"next_sentence_positions", K, true},
          {"next_sentence_labels", K, false},
          {"next_sentence_weights", K, true}};
}

PackedFile::PackedFile(fs::path path) : table_(std::move(path)) {
  const std::vector<int64_t> ids = table_.shape_of("input_ids", 2), masked = table_.shape_of("masked_lm_positions", 2),
                             sequences = table_.shape_of("next_sentence_positions", 2);
  shape_ = {ids[0], ids[1], masked[1], sequences[1]};
  table_.choose(packed_arrays(shape_), shape_.row_count);
}

void PackedFile::read(int64_t begin, int64_t count, PackedRows& rows) const {
  rows.resize(count, shape_);
  table_.read(begin, count, rows.arrays());
}

}  // namespace retort::corpus
