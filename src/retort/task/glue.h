// Shared by the GLUE commands: loads evaluation sets, predicts and scores.
#pragma once

#include "retort/data/glue/glue_set.h"
#include "retort/decode/glue_predictions.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/evaluation.h"
#include "retort/task/glue_config.h"

namespace retort::task {

// Returns a split of a task with all settings that determine its features.
data::GlueSource glue_source(const GlueDataConfig& config, const data::GlueTask& task, data::GlueSplit split,
                             uint64_t seed, const model::Model& model);

// One file for evaluation or prediction, read before training so that its errors are reported first.
struct GlueSet {
  const data::GlueTask* task;
  std::shared_ptr<const data::GlueFeatures> features;
  bool has_labels = true;
};

// Loads the dev files of the task, both for MNLI. A file without labels is only predicted, after a warning.
std::vector<GlueSet> load_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer,
                                   const GlueDataConfig& config, uint64_t seed);
// Loads the test files that exist.
std::vector<GlueSet> load_glue_test(const model::Model& model, const text::Tokenizer& tokenizer,
                                    const GlueDataConfig& config);

struct GlueEvaluation {
  decode::GluePredictions predictions;
  EvaluationTiming timing;
};

// Predicts all examples of a set.
GlueEvaluation predict_glue(const model::Model& model, const GlueSet& set, const EvaluationRun& run);

// The batches of evaluation during and after training.
EvaluationRun glue_evaluation_run(const GlueDataConfig& config, int64_t max_tokens_per_batch);

// Returns whether the folder has dev files of the task.
bool has_glue_dev(const GlueDataConfig& config);

// Returns the scores on the sets under run_glue's names, with the timing, or {"rows", "scored": 0} without labels;
// writes `<folder>/predictions_<task>.tsv` unless folder is empty.
Json evaluate_glue_dev(const model::Model& model, std::span<const GlueSet> dev, const EvaluationRun& run,
                       const fs::path& folder);

// Predicts the sets and writes GLUE submission files into the folder.
void write_glue_test_predictions(const model::Model& model, std::span<const GlueSet> test, const EvaluationRun& run,
                                 const fs::path& folder);

}  // namespace retort::task
