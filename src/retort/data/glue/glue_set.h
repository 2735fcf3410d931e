// Loads GLUE files as rows for training and evaluation: finds, reads and samples them, and computes or caches features.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "retort/data/batch.h"
#include "retort/data/feature_cache.h"
#include "retort/data/glue/glue_features.h"

namespace retort::data {

// One sequence per row. Thread-safe to read; shares ownership of the features.
class GlueRowSet final : public RowSet {
 public:
  // What `append` adds to the tokens: the class number in labels[0], a regression target, or nothing.
  enum class Answers { kLabels, kTargets, kNone };
  GlueRowSet(std::shared_ptr<const GlueFeatures> features, Answers answers);
  int64_t row_count() const override { return features_->feature_count(); }
  int64_t token_count(int64_t row) const override { return features_->token_count(row); }
  void append(int64_t row, Batch& batch) const override;

 private:
  std::shared_ptr<const GlueFeatures> features_;
  Answers answers_;
};

// Returns the answers that a split of a task has.
GlueRowSet::Answers answers_of(const GlueTask& task, GlueSplit split);

// A split of a task and all settings that determine its features.
struct GlueSource {
  const GlueTask* task = nullptr;
  GlueSplit split = GlueSplit::kTrain;
  std::filesystem::path data_dir;
  std::vector<std::filesystem::path> files = {};  // replaces the files in data_dir
  GlueFeatureOptions features = {};
  OnBadRecord on_bad_record = OnBadRecord::kFail;
  int64_t max_examples = -1;  // size of a random sample; -1: all
  uint64_t seed = 42;         // of the sample
  CacheOptions cache = {};
  int64_t model_max_length = 0;  // positions of the model; 0: unknown
};

// Returns the features; if they are cached, the files are only hashed, not parsed. Throws UserError for invalid
// options, missing files and bad records.
std::shared_ptr<const GlueFeatures> load_glue(const GlueSource& source, const text::Tokenizer& tokenizer);

}  // namespace retort::data
