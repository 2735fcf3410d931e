// What the GLUE recipes share: the path from a model and rows to predictions and scores.
#pragma once

#include "retort/data/glue/glue_set.h"
#include "retort/decode/glue_predictions.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/evaluation.h"
#include "retort/task/glue_config.h"

namespace retort::task {

// A split of a task with everything that decides about its features.
data::GlueSource glue_source(const GlueDataConfig& config, const data::GlueTask& task, data::GlueSplit split,
                             uint64_t seed, const model::Model& model);

// One file to evaluate on, or to predict. Read before training, so that what is wrong in it is found then.
struct GlueSet {
  const data::GlueTask* task;
  std::shared_ptr<const data::GlueFeatures> features;
  bool has_labels = true;
};

// The dev files of the task: for MNLI both. One in which no row has a label is to be predicted only, after a warning.
std::vector<GlueSet> load_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer,
                                   const GlueDataConfig& config, uint64_t seed);
// The test files that are there.
std::vector<GlueSet> load_glue_test(const model::Model& model, const text::Tokenizer& tokenizer,
                                    const GlueDataConfig& config);

struct GlueEvaluation {
  decode::GluePredictions predictions;
  EvaluationTiming timing;
};

// Predicts every row of a set.
GlueEvaluation predict_glue(const model::Model& model, const GlueSet& set, const EvaluationRun& run);

// How the sets are evaluated beside training.
EvaluationRun glue_evaluation_run(const GlueDataConfig& config, int64_t max_tokens_per_batch);

// Whether the folder has dev files of the task.
bool has_glue_dev(const GlueDataConfig& config);

// Scores on the sets under run_glue's names, with the timing, or {"rows", "scored": 0} where there are no labels;
// writes `<folder>/predictions_<task>.tsv` when folder is not empty.
Json evaluate_glue_dev(const model::Model& model, std::span<const GlueSet> dev, const EvaluationRun& run,
                       const fs::path& folder);

// Predicts the sets and writes them in the submission form into folder.
void write_glue_test_predictions(const model::Model& model, std::span<const GlueSet> test, const EvaluationRun& run,
                                 const fs::path& folder);

}  // namespace retort::task
