#include "retort/data/squad/squad_set.h"

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/data/squad/squad_features_check.h"
#include "retort/data/squad/squad_features_make.h"
#include "retort/data/squad/squad_words.h"

namespace retort::data {
namespace {

// Increased whenever the columns or their values change.
constexpr int64_t kFeatureVersion = 1;

std::string make_cache_key(const SquadSource& source, const text::Tokenizer& tokenizer, bool is_training) {
  ContentHash key;
  key.add("squad").add_number(kFeatureVersion).add(hash_file_content(source.file)).add(tokenizer.content_hash());
  key.add_number(source.features.max_seq_length).add_number(source.features.doc_stride);
  key.add_number(source.features.max_query_length).add_number(source.features.version_2_with_negative);
  key.add_number(static_cast<int64_t>(source.on_bad_record)).add_number(is_training);
  key.add_number(source.max_examples).add_number(source.max_examples < 0 ? 0 : static_cast<int64_t>(source.seed));
  return key.hex();
}

void check_options(const SquadSource& source) {
  source.features.check(source.model_max_length);
  if (const auto warning = source.features.stride_warning()) log_warning("{}", *warning);
}

SquadData read_sampled(const SquadSource& source, bool is_training) {
  SquadData data = read_squad(source.file, {.is_training = is_training,
                                            .version_2_with_negative = source.features.version_2_with_negative,
                                            .on_bad_record = source.on_bad_record});
  if (data.examples.empty())
    throw UserError("`{}` must have questions, but has none; choose another file", source.file.string());
  keep_random_examples(data, source.max_examples, source.seed);
  return data;
}

}  // namespace

SquadRowSet::SquadRowSet(std::shared_ptr<const SquadFeatures> features, Labels labels)
    : features_(std::move(features)), labels_(labels) {}

int64_t SquadRowSet::row_count() const { return features_->feature_count(); }

int64_t SquadRowSet::token_count(int64_t row) const { return features_->feature(row).token_count(); }

void SquadRowSet::append(int64_t row, Batch& batch) const {
  const SquadFeature feature = features_->feature(row);
  std::vector<int32_t> ids;
  ids.reserve(static_cast<size_t>(feature.token_count()));
  ids.push_back(features_->cls_id());
  ids.insert(ids.end(), feature.question_ids.begin(), feature.question_ids.end());
  ids.push_back(features_->sep_id());
  ids.insert(ids.end(), feature.window_ids.begin(), feature.window_ids.end());
  ids.push_back(features_->sep_id());
  batch.tokens.append(ids, feature.window_offset());
  batch.rows.push_back(row);
  if (labels_ == Labels::kNone) return;
  batch.labels.resize(2);
  batch.labels[0].push_back(feature.start_position);
  batch.labels[1].push_back(feature.end_position);
}

SquadFeatures load_squad_training(const SquadSource& source, const text::Tokenizer& tokenizer) {
  check_options(source);
  bool is_read = false;
  SquadFeatures features(load_or_build_columns(
      source.cache, "squad-train", make_cache_key(source, tokenizer, true),
      [&] {
        is_read = true;
        return make_squad_features(read_sampled(source, true), tokenizer, source.features, true).columns();
      },
      [&](const ColumnStore& columns) { check_squad_features(columns, tokenizer, source.features, nullptr); }));
  if (!is_read) warn_of_left_out(features.skipped_count(), source.file);
  return features;
}

SquadEvaluationSet load_squad_evaluation(const SquadSource& source, const text::Tokenizer& tokenizer) {
  check_options(source);
  SquadEvaluationSet set{read_sampled(source, false), nullptr};
  set.features = std::make_shared<SquadFeatures>(load_or_build_columns(
      source.cache, "squad-dev", make_cache_key(source, tokenizer, false),
      [&] { return make_squad_features(set.data, tokenizer, source.features, false).columns(); },
      [&](const ColumnStore& columns) { check_squad_features(columns, tokenizer, source.features, &set.data); }));
  RETORT_CHECK(set.features->example_count() == static_cast<int64_t>(set.data.examples.size()),
               "cached features of {} questions, but {} were read", set.features->example_count(),
               set.data.examples.size());
  return set;
}

SquadEvaluationSet make_question_set(std::string question, std::string context, const text::Tokenizer& tokenizer,
                                     const SquadFeatureOptions& options) {
  if (split_words(context).empty()) throw UserError("`context` must have words, but is empty");
  SquadEvaluationSet set;
  set.data.contexts.push_back(std::move(context));
  set.data.examples.push_back({.question = std::move(question)});
  set.features = std::make_shared<SquadFeatures>(make_squad_features(set.data, tokenizer, options, false));
  return set;
}

}  // namespace retort::data
