#include "retort/data/feature_cache.h"

#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"
#include "retort/data/glue/glue_features.h"
#include "retort/data/squad/squad_features.h"
#include "retort/data/squad/squad_features_check.h"

namespace retort::fuzz {
namespace {

// Reads as load_squad_training does with a cache of the right key.
void read_squad_cache(const data::ColumnStore& columns) {
  static const text::Tokenizer tokenizer =
      text::Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", ".", "?"});
  const data::SquadFeatureOptions options{.max_seq_length = 24, .doc_stride = 8, .max_query_length = 8};
  data::check_squad_features(columns, tokenizer, options, nullptr);
  const data::SquadFeatures features(columns);
  for (int64_t i = 0; i < features.feature_count(); ++i) {
    const data::SquadFeature feature = features.feature(i);
    touch(std::as_bytes(feature.question_ids)), touch(std::as_bytes(feature.window_words));
    touch(std::as_bytes(features.words_of(feature.example_index)));
    for (const int32_t id : feature.window_ids) RETORT_CHECK(id >= 0 && id < 10, "the id {}", id);
    RETORT_CHECK(feature.token_count() <= 24, "{} tokens", feature.token_count());
    for (int64_t piece = 0; piece < std::ssize(feature.window_ids); ++piece) features.has_max_context(i, piece);
  }
}

// Reads as load_glue does.
void read_glue_cache(const data::ColumnStore& columns) {
  const data::GlueTask& task = data::find_glue_task("sst-2");
  data::GlueFeatures::check(columns, {.task = task, .vocabulary_size = 10, .options = {.max_seq_length = 16}});
  const data::GlueFeatures features(columns);
  for (int64_t i = 0; i < features.feature_count(); ++i) {
    const data::GlueFeature feature = features.feature(i);
    for (const int32_t id : feature.ids) RETORT_CHECK(id >= 0 && id < 10, "the id {}", id);
    RETORT_CHECK(feature.label >= 0 && feature.label < 2 && std::ssize(feature.ids) <= 16, "the label {}",
                 feature.label);
  }
}

}  // namespace

bool feature_cache(std::string_view input) {
  const MemoryFile file(with_column_checksums(input));
  data::ColumnStore columns;
  if (!takes([&] { columns = data::read_column_file(file.path(), ""); })) return false;
  const bool is_taken = takes([&] { read_squad_cache(columns); });
  return takes([&] { read_glue_cache(columns); }) || is_taken;
}

}  // namespace retort::fuzz
