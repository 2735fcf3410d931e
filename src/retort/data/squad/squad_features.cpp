#include "retort/data/squad/squad_features.h"

#include "retort/base/error.h"

namespace retort::data {
namespace {

template <typename T>
std::span<const T> part(std::span<const T> values, int64_t begin, int64_t end) {
  return values.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

}  // namespace

void SquadFeatureOptions::fields(FieldList& list) {
  list.add("max_seq_length", max_seq_length,
           {.help = "Maximum tokens per sequence, with [CLS] and both [SEP].", .unit = "tokens", .min = 5});
  window_fields(list);
}

void SquadFeatureOptions::window_fields(FieldList& list) {
  list.add("doc_stride", doc_stride,
           {.help = "Distance between the starts of windows over a long context.", .unit = "tokens", .min = 1});
  list.add("max_query_length", max_query_length, {.help = "Maximum tokens of a question.", .unit = "tokens", .min = 1});
  list.add("version_2_with_negative", version_2_with_negative,
           {.help = "The data may have questions without an answer (SQuAD v2.0)."});
}

void SquadFeatureOptions::check(int64_t model_max_length) const {
  if (doc_stride < 1) throw UserError("`doc_stride` must be at least 1 token, but is {}; 128 is usual", doc_stride);
  if (max_query_length < 1)
    throw UserError("`max_query_length` must be at least 1 token, but is {}; 64 is usual", max_query_length);
  if (max_query_length + 3 >= max_seq_length)
    throw UserError(
        "`max_seq_length` must be greater than max_query_length + 3 ({} + 3: the question, [CLS] and two [SEP]), "
        "but is {}; raise it or lower --max_query_length",
        max_query_length, max_seq_length);
  if (model_max_length > 0 && max_seq_length > model_max_length)
    throw UserError(
        "`max_seq_length` must be at most {} (the positions of the model), but is {}; longer contexts are split "
        "into windows, so no text is lost with a smaller value",
        model_max_length, max_seq_length);
}

std::optional<std::string> SquadFeatureOptions::stride_warning() const {
  const int64_t capacity = max_seq_length - max_query_length - 3;
  if (doc_stride < capacity) return {};
  return fmt::format(
      "`doc_stride` {} is not less than the {} context tokens of a window with the longest "
      "question: windows then do not overlap, and an answer across an "
      "edge is lost; choose a smaller --doc_stride",
      doc_stride, capacity);
}

SquadFeatures::SquadFeatures(ColumnStore store) : store_(std::move(store)) {
  const auto scalars = store_.get<int64_t>("scalars");  // cls id, sep id, skipped records
  RETORT_CHECK(scalars.size() == 3, "{} scalars", scalars.size());
  cls_id_ = static_cast<int32_t>(scalars[0]);
  sep_id_ = static_cast<int32_t>(scalars[1]);
  skipped_count_ = scalars[2];
  context_piece_starts_ = store_.get<int64_t>("context_piece_starts");
  context_word_starts_ = store_.get<int64_t>("context_word_starts");
  piece_ids_ = store_.get<int32_t>("piece_ids");
  piece_words_ = store_.get<int32_t>("piece_words");
  word_bytes_ = store_.get<text::Range>("word_bytes");
  example_contexts_ = store_.get<int32_t>("example_contexts");
  question_starts_ = store_.get<int64_t>("question_starts");
  question_ids_ = store_.get<int32_t>("question_ids");
  example_feature_starts_ = store_.get<int64_t>("example_feature_starts");
  feature_examples_ = store_.get<int32_t>("feature_examples");
  windows_ = store_.get<Window>("windows");
  start_positions_ = store_.get<int32_t>("start_positions");
  end_positions_ = store_.get<int32_t>("end_positions");
}

SquadFeature SquadFeatures::feature(int64_t index) const {
  const auto row = static_cast<size_t>(index);
  const int64_t example_index = feature_examples_[row];
  const auto example = static_cast<size_t>(example_index);
  const Window window = windows_[row];
  const int64_t first_piece = context_piece_starts_[static_cast<size_t>(example_contexts_[example])] + window.start;
  return {.example_index = example_index,
          .window_index = index - example_feature_starts_[example],
          .question_ids = part(question_ids_, question_starts_[example], question_starts_[example + 1]),
          .window_ids = part(piece_ids_, first_piece, first_piece + window.length),
          .window_words = part(piece_words_, first_piece, first_piece + window.length),
          .window_start = window.start,
          .start_position = start_positions_[row],
          .end_position = end_positions_[row]};
}

SquadFeatures::FeatureRange SquadFeatures::features_of(int64_t example_index) const {
  const auto example = static_cast<size_t>(example_index);
  return {example_feature_starts_[example], example_feature_starts_[example + 1]};
}

std::span<const text::Range> SquadFeatures::words_of(int64_t example_index) const {
  const auto context = static_cast<size_t>(example_contexts_[static_cast<size_t>(example_index)]);
  return part(word_bytes_, context_word_starts_[context], context_word_starts_[context + 1]);
}

bool SquadFeatures::has_max_context(int64_t feature_index, int64_t window_position) const {
  const auto [begin, end] = features_of(feature_examples_[static_cast<size_t>(feature_index)]);
  const int64_t piece = windows_[static_cast<size_t>(feature_index)].start + window_position;
  return end - begin == 1 || best_window(part(windows_, begin, end), piece) == feature_index - begin;
}

}  // namespace retort::data
