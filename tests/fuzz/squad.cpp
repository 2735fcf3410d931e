#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/data/squad/squad_document.h"
#include "retort/data/squad/squad_features.h"
#include "retort/data/squad/squad_features_make.h"
#include "retort/data/squad/squad_reader.h"

namespace retort::fuzz {
namespace {

const text::Tokenizer& squad_tokenizer() {
  static const text::Tokenizer tokenizer =
      text::Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", ".", "?"});
  return tokenizer;
}

// Checks that words lie in their contexts, and answers in their windows.
void make_features(const data::SquadData& read, bool is_training) {
  const data::SquadFeatureOptions options{.max_seq_length = 24, .doc_stride = 8, .max_query_length = 8};
  const auto features = data::make_squad_features(read, squad_tokenizer(), options, is_training);
  for (int64_t i = 0; i < features.feature_count(); ++i) {
    const data::SquadFeature feature = features.feature(i);
    touch(std::as_bytes(feature.window_ids)), touch(std::as_bytes(feature.question_ids));
    RETORT_CHECK(0 <= feature.start_position && feature.start_position <= feature.end_position &&
                     feature.end_position < feature.token_count(),
                 "feature {} is labelled {}..{}", i, feature.start_position, feature.end_position);
    for (int64_t piece = 0; piece < std::ssize(feature.window_ids); ++piece) features.has_max_context(i, piece);
    const std::string& context = read.context_of(read.examples[static_cast<size_t>(feature.example_index)]);
    for (const text::Range word : features.words_of(feature.example_index))
      RETORT_CHECK(0 <= word.begin && word.begin < word.end && word.end <= std::ssize(context), "a word at {}..{}",
                   word.begin, word.end);
  }
}

}  // namespace

bool squad(std::string_view input) {
  const MemoryFile file(input);
  const auto read = [&](const data::SquadReadOptions& options) {
    return takes([&] { make_features(data::read_squad(file.path(), options), options.is_training); });
  };
  const bool is_taken = read({.is_training = true});
  read({.is_training = true, .version_2_with_negative = true, .on_bad_record = data::OnBadRecord::kSkip});
  read({.version_2_with_negative = true, .on_bad_record = data::OnBadRecord::kSkip});
  takes([&] { data::read_squad_document(file.path(), data::OnBadRecord::kSkip); });
  return is_taken;
}

}  // namespace retort::fuzz
