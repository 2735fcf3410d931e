#include <array>

#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/data/glue/glue_features.h"

namespace retort::fuzz {
namespace {

void make_glue_features(const fs::path& path, const data::GlueTask& task, const data::GlueReadOptions& options) {
  static const auto tokenizer =
      text::Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", "."});
  const data::GlueData read = data::read_glue(std::array{path}, task, options);
  const auto features = data::GlueFeatures::make(read, task, tokenizer, {.max_seq_length = 16});
  for (int64_t i = 0; i < features.feature_count(); ++i) {
    const data::GlueFeature feature = features.feature(i);
    touch(std::as_bytes(feature.ids));
    RETORT_CHECK(feature.label < task.output_count() && feature.segment_b_start <= std::ssize(feature.ids),
                 "row {} has the label {}", i, feature.label);
  }
}

}  // namespace

// The first letter chooses the task, `a` for the first of the table; `t` as the second letter chooses a test file.
bool glue(std::string_view input) {
  if (input.size() < 2) return false;
  const auto tasks = data::glue_tasks();
  const data::GlueTask& task = tasks[static_cast<unsigned char>(input[0] - 'a') % tasks.size()];
  const bool has_labels = input[1] != 't';
  const MemoryFile file(input.substr(2));
  takes([&] {
    make_glue_features(file.path(), task, {.has_labels = has_labels, .on_bad_record = data::OnBadRecord::kSkip});
  });
  return takes([&] { make_glue_features(file.path(), task, {.has_labels = has_labels}); });
}

}  // namespace retort::fuzz
