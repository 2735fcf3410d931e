// SQuAD files as rows for the trainer and the evaluator: reading, sampling, features and their cache in one call.
#pragma once

#include <filesystem>
#include <memory>

#include "retort/data/batch.h"
#include "retort/data/feature_cache.h"
#include "retort/data/squad/squad_features.h"
#include "retort/data/squad/squad_reader.h"

namespace retort::data {

// One feature per row. Thread-safe to read; holds the features.
class SquadRowSet : public RowSet {
 public:
  // kPositions: labels[0] is the start and labels[1] the end position, tokens of the sequence, inclusive (0, 0 for a
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

// A file and everything that decides about its features.
struct SquadSource {
  std::filesystem::path file;
  SquadFeatureOptions features;
  OnBadRecord on_bad_record = OnBadRecord::kFail;
  int64_t max_examples = -1;  // a random sample of so many questions; -1: all
  uint64_t seed = 42;         // of the sample
  CacheOptions cache;
  int64_t model_max_length = 0;  // positions of the model; 0: unknown
};

// Training features with labels; when they are in the cache, the file is only hashed, not read.
SquadFeatures load_squad_training(const SquadSource& source, const text::Tokenizer& tokenizer);

// Questions with all their answers, and their features; example_index of a feature points into data.examples.
struct SquadEvaluationSet {
  SquadData data;
  std::shared_ptr<const SquadFeatures> features;
};
SquadEvaluationSet load_squad_evaluation(const SquadSource& source, const text::Tokenizer& tokenizer);

// One question about one context, as an evaluation set of one example. Throws UserError for a context without words.
SquadEvaluationSet make_question_set(std::string question, std::string context, const text::Tokenizer& tokenizer,
                                     const SquadFeatureOptions& options);

}  // namespace retort::data
