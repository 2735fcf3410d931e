// Loads SQuAD files as rows for training and evaluation: reads and samples them, and computes or caches features.
#pragma once

#include <filesystem>
#include <memory>

#include "retort/data/batch.h"
#include "retort/data/feature_cache.h"
#include "retort/data/squad/squad_features.h"
#include "retort/data/squad/squad_reader.h"

namespace retort::data {

// One feature per row. Thread-safe to read; shares ownership of the features.
class SquadRowSet : public RowSet {
 public:
  // kPositions: labels[0] is the start and labels[1] the end position in tokens of the sequence, inclusive (0, 0 for a
  // window without the answer).
  enum class Labels { kNone, kPositions };
  SquadRowSet(std::shared_ptr<const SquadFeatures> features, Labels labels);
  int64_t row_count() const override;
  int64_t token_count(int64_t row) const override;
  void append(int64_t row, Batch& batch) const override;

 private:
  std::shared_ptr<const SquadFeatures> features_;
  Labels labels_;
};

// A file and all settings that determine its features.
struct SquadSource {
  std::filesystem::path file;
  SquadFeatureOptions features;
  OnBadRecord on_bad_record = OnBadRecord::kFail;
  int64_t max_examples = -1;  // size of a random sample of questions; -1: all
  uint64_t seed = 42;         // of the sample
  CacheOptions cache;
  int64_t model_max_length = 0;  // positions of the model; 0: unknown
};

// Returns training features with labels; if they are cached, the file is only hashed, not parsed.
SquadFeatures load_squad_training(const SquadSource& source, const text::Tokenizer& tokenizer);

// Questions with all answers, and their features; example_index of a feature points into data.examples.
struct SquadEvaluationSet {
  SquadData data;
  std::shared_ptr<const SquadFeatures> features;
};
SquadEvaluationSet load_squad_evaluation(const SquadSource& source, const text::Tokenizer& tokenizer);

// Returns one question and its context as an evaluation set of one example. Throws UserError for a context without
// words.
SquadEvaluationSet make_question_set(std::string question, std::string context, const text::Tokenizer& tokenizer,
                                     const SquadFeatureOptions& options);

}  // namespace retort::data
