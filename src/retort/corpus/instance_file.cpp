#include "retort/corpus/instance_file.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::corpus {

void InstanceRows::resize(int64_t rows, const InstanceShape& shape) {
  row_count = rows;
  const auto tokens = static_cast<size_t>(rows * shape.sequence_length),
             predictions = static_cast<size_t>(rows * shape.prediction_count);
  input_ids.assign(tokens, 0);
  input_mask.assign(tokens, 0);
  segment_ids.assign(tokens, 0);
  masked_positions.assign(predictions, 0);
  masked_ids.assign(predictions, 0);
  next_sentence_labels.assign(static_cast<size_t>(rows), 0);
}

void InstanceRows::set(int64_t row, const InstanceShape& shape, const Instance& instance) {
  const auto length = static_cast<int64_t>(instance.ids.size());
  RETORT_CHECK(length <= shape.sequence_length, "an instance of {} tokens is put into a row of {}", length,
               shape.sequence_length);
  const int64_t at = row * shape.sequence_length, masked_at = row * shape.prediction_count;
  std::copy(instance.ids.begin(), instance.ids.end(), input_ids.begin() + at);
  std::fill_n(input_mask.begin() + at, length, int8_t{1});
  std::fill(segment_ids.begin() + at + instance.first_count, segment_ids.begin() + at + length, int8_t{1});
  std::copy(instance.masked_positions.begin(), instance.masked_positions.end(), masked_positions.begin() + masked_at);
  std::copy(instance.masked_ids.begin(), instance.masked_ids.end(), masked_ids.begin() + masked_at);
  next_sentence_labels[row] = instance.is_random_next;
}

ArrayBytes InstanceRows::arrays() {
  return {std::as_writable_bytes(std::span(input_ids)),   std::as_writable_bytes(std::span(input_mask)),
          std::as_writable_bytes(std::span(segment_ids)), std::as_writable_bytes(std::span(masked_positions)),
          std::as_writable_bytes(std::span(masked_ids)),  std::as_writable_bytes(std::span(next_sentence_labels))};
}

std::vector<ArrayForm> instance_arrays(const InstanceShape& shape) {
  const int64_t S = shape.sequence_length, P = shape.prediction_count;
  return {{"input_ids", S, true},           {"input_mask", S, false},   {"segment_ids", S, false},
          {"masked_lm_positions", P, true}, {"masked_lm_ids", P, true}, {"next_sentence_labels", 0, false}};
}

InstanceFile::InstanceFile(fs::path path) : table_(std::move(path)) {
  const std::vector<int64_t> ids = table_.shape_of("input_ids", 2),
                             positions = table_.shape_of("masked_lm_positions", 2);
  shape_ = {ids[0], ids[1], positions[1]};
  table_.choose(instance_arrays(shape_), shape_.row_count);
}

void InstanceFile::read(int64_t begin, int64_t count, InstanceRows& rows) const {
  rows.resize(count, shape_);
  table_.read(begin, count, rows.arrays());
}

}  // namespace retort::corpus
