#include "retort/data/glue/glue_set.h"

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"

namespace retort::data {
namespace {

// Increased whenever the columns or their values change.
constexpr int64_t kFeatureVersion = 1;

std::string make_cache_key(const GlueSource& source, std::span<const std::filesystem::path> files,
                           const text::Tokenizer& tokenizer) {
  ContentHash key;
  key.add("glue").add_number(kFeatureVersion).add(source.task->name).add_number(source.split == GlueSplit::kTest);
  for (const std::filesystem::path& file : files) key.add(hash_file_content(file));
  key.add(tokenizer.content_hash()).add_number(source.features.max_seq_length);
  key.add_number(static_cast<int64_t>(source.on_bad_record)).add_number(source.max_examples);
  key.add_number(source.max_examples < 0 ? 0 : static_cast<int64_t>(source.seed));
  return key.hex();
}

}  // namespace

GlueRowSet::GlueRowSet(std::shared_ptr<const GlueFeatures> features, Answers answers)
    : features_(std::move(features)), answers_(answers) {}

void GlueRowSet::append(int64_t row, Batch& batch) const {
  const GlueFeature feature = features_->feature(row);
  batch.tokens.append(feature.ids, feature.segment_b_start);
  batch.rows.push_back(row);
  if (answers_ == Answers::kTargets) batch.targets.push_back(feature.target);
  if (answers_ != Answers::kLabels) return;
  batch.labels.resize(1);
  batch.labels[0].push_back(feature.label);
}

GlueRowSet::Answers answers_of(const GlueTask& task, GlueSplit split) {
  if (split == GlueSplit::kTest) return GlueRowSet::Answers::kNone;
  return task.is_regression() ? GlueRowSet::Answers::kTargets : GlueRowSet::Answers::kLabels;
}

std::shared_ptr<const GlueFeatures> load_glue(const GlueSource& source, const text::Tokenizer& tokenizer) {
  RETORT_CHECK(source.task != nullptr, "a source without a task");
  source.features.check(source.model_max_length);
  const std::vector<std::filesystem::path> files =
      source.files.empty() ? find_glue_files(source.data_dir, *source.task, source.split) : source.files;
  const std::string kind = fmt::format("glue-{}-{}", source.task->name, split_name(source.split));
  bool is_read = false;
  auto features = std::make_shared<const GlueFeatures>(load_or_build_columns(
      source.cache, kind, make_cache_key(source, files, tokenizer),
      [&] {
        is_read = true;
        GlueData data =
            read_glue(files, *source.task,
                      {.has_labels = source.split != GlueSplit::kTest, .on_bad_record = source.on_bad_record});
        keep_random_examples(data, source.max_examples, source.seed);
        return GlueFeatures::make(data, *source.task, tokenizer, source.features).columns();
      },
      [&](const ColumnStore& columns) {
        GlueFeatures::check(columns, {.task = *source.task,
                                      .has_labels = source.split != GlueSplit::kTest,
                                      .vocabulary_size = tokenizer.vocabulary_size(),
                                      .options = source.features});
      }));
  if (!is_read) warn_of_left_out(features->skipped_count(), files.front());
  if (const int64_t truncated = features->truncated_count(); truncated > 0)
    log_warning("{} of {} sequences of the {} {} data were longer than max_seq_length {} and were truncated", truncated,
                features->feature_count(), source.task->name, split_name(source.split), source.features.max_seq_length);
  return features;
}

}  // namespace retort::data
