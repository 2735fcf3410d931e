#include "retort/data/squad/squad_features_check.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/data/column_check.h"

namespace retort::data {
namespace {

[[noreturn]] void refuse(const char* column, size_t index, const char* what) {
  throw UserError("its column `{}` must {}, but number {} does not", column, what, index);
}

// Checks pieces and words of the contexts.
void check_contexts(const ColumnStore& store, int64_t vocabulary_size) {
  const auto piece_starts = store.need<int64_t>("context_piece_starts");
  const auto word_starts = store.need<int64_t>("context_word_starts");
  const auto piece_ids = store.need<int32_t>("piece_ids"), piece_words = store.need<int32_t>("piece_words");
  const auto word_bytes = store.need<text::Range>("word_bytes");
  check_starts("context_piece_starts", piece_starts, piece_ids.size());
  check_starts("context_word_starts", word_starts, word_bytes.size());
  check_element_count("context_word_starts", word_starts.size(), piece_starts.size());
  check_element_count("piece_words", piece_words.size(), piece_ids.size());
  check_below("piece_ids", piece_ids, vocabulary_size);
  for (size_t context = 0; context + 1 < piece_starts.size(); ++context) {
    const int64_t words = word_starts[context + 1] - word_starts[context];
    for (auto piece = static_cast<size_t>(piece_starts[context]);
         piece < static_cast<size_t>(piece_starts[context + 1]); ++piece)
      if (piece_words[piece] < 0 || piece_words[piece] >= words)
        refuse("piece_words", piece, "hold words of the piece's context");
  }
  const auto wrong = std::find_if(word_bytes.begin(), word_bytes.end(),
                                  [](text::Range word) { return word.begin < 0 || word.end < word.begin; });
  if (wrong != word_bytes.end()) refuse("word_bytes", wrong - word_bytes.begin(), "hold ranges of bytes");
}

void check_examples(const ColumnStore& store, int64_t vocabulary_size) {
  const auto contexts = store.need<int32_t>("example_contexts");
  const auto question_starts = store.need<int64_t>("question_starts");
  const auto question_ids = store.need<int32_t>("question_ids");
  check_below("example_contexts", contexts,
              static_cast<int64_t>(store.need<int64_t>("context_piece_starts").size()) - 1);
  check_element_count("question_starts", question_starts.size(), contexts.size() + 1);
  check_starts("question_starts", question_starts, question_ids.size());
  check_below("question_ids", question_ids, vocabulary_size);
}

// Checks that every feature points into its example and context.
void check_features(const ColumnStore& store, int64_t max_seq_length) {
  const auto windows = store.need<Window>("windows");
  const auto feature_starts = store.need<int64_t>("example_feature_starts");
  const auto examples = store.need<int32_t>("feature_examples");
  const auto begins = store.need<int32_t>("start_positions"), ends = store.need<int32_t>("end_positions");
  const auto contexts = store.need<int32_t>("example_contexts");
  const auto question_starts = store.need<int64_t>("question_starts"),
             piece_starts = store.need<int64_t>("context_piece_starts");
  check_element_count("example_feature_starts", feature_starts.size(), contexts.size() + 1);
  check_starts("example_feature_starts", feature_starts, windows.size());
  check_element_count("feature_examples", examples.size(), windows.size());
  check_element_count("start_positions", begins.size(), windows.size());
  check_element_count("end_positions", ends.size(), windows.size());
  for (size_t example = 0; example < contexts.size(); ++example) {
    const auto context = static_cast<size_t>(contexts[example]);
    const int64_t pieces = piece_starts[context + 1] - piece_starts[context];
    const int64_t question = question_starts[example + 1] - question_starts[example];
    for (auto i = static_cast<size_t>(feature_starts[example]); i < static_cast<size_t>(feature_starts[example + 1]);
         ++i) {
      const int64_t start = windows[i].start, length = windows[i].length, tokens = question + length + 3;
      if (examples[i] != static_cast<int32_t>(example)) refuse("feature_examples", i, "hold the example around it");
      if (start < 0 || length < 1 || length > pieces - start) refuse("windows", i, "lie in its context");
      if (tokens > max_seq_length) refuse("windows", i, "leave room for the question");
      if (begins[i] < 0 || begins[i] >= tokens) refuse("start_positions", i, "hold tokens of its sequence");
      if (ends[i] < begins[i] || ends[i] >= tokens) refuse("end_positions", i, "hold tokens of its sequence");
    }
  }
}

// Checks that questions and contexts are those of the features.
void check_data(const ColumnStore& store, const SquadData& data) {
  const auto contexts = store.need<int32_t>("example_contexts");
  const auto word_starts = store.need<int64_t>("context_word_starts");
  const auto word_bytes = store.need<text::Range>("word_bytes");
  check_element_count("example_contexts", contexts.size(), data.examples.size());
  check_element_count("context_word_starts", word_starts.size(), data.contexts.size() + 1);
  for (size_t i = 0; i < contexts.size(); ++i)
    if (contexts[i] != data.examples[i].context_index) refuse("example_contexts", i, "hold the question's context");
  for (size_t context = 0; context < data.contexts.size(); ++context)
    for (auto word = static_cast<size_t>(word_starts[context]); word < static_cast<size_t>(word_starts[context + 1]);
         ++word)
      if (word_bytes[word].end > static_cast<int64_t>(data.contexts[context].size()))
        refuse("word_bytes", word, "lie in its context");
}

}  // namespace

void check_squad_features(const ColumnStore& store, const text::Tokenizer& tokenizer,
                          const SquadFeatureOptions& options, const SquadData* data) {
  const auto scalars = store.need<int64_t>("scalars");
  check_element_count("scalars", scalars.size(), 3);
  if (scalars[0] != tokenizer.cls_id() || scalars[1] != tokenizer.sep_id() || scalars[2] < 0)
    throw UserError("its column `scalars` must hold [CLS], [SEP] and a count, but does not");
  check_contexts(store, tokenizer.vocabulary_size());
  check_examples(store, tokenizer.vocabulary_size());
  if (data != nullptr) check_data(store, *data);
  check_features(store, options.max_seq_length);
}

}  // namespace retort::data
