// What the GLUE recipes share: the path from a model and rows to predictions and scores.
#pragma once

#include "retort/data/glue_set.h"
#include "retort/decode/glue_predictions.h"
#include "retort/recipe/evaluation.h"
#include "retort/recipe/glue_config.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {

// A split of a task with everything that decides about its features.
data::GlueSource glue_source(const GlueDataConfig& config, const data::GlueTask& task, data::GlueSplit split,
                             uint64_t seed, const model::Model& model);

struct GlueEvaluation {
  std::shared_ptr<const data::GlueFeatures> features;
  decode::GluePredictions predictions;
  EvaluationTiming timing;
};

// Predicts every row of one split.
GlueEvaluation predict_glue(const model::Model& model, const data::GlueTask& task,
                            std::shared_ptr<const data::GlueFeatures> features, const EvaluationRun& run);

// Evaluates on the dev files of the task (for MNLI both); writes `<folder>/predictions_<task>.tsv` when folder is not
// empty. Scores under run_glue's names, with the timing.
Json evaluate_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer, const GlueDataConfig& config,
                       uint64_t seed, const EvaluationRun& run, const fs::path& folder);

// Predicts the test files that are there and writes them in the submission form into folder.
void write_glue_test_predictions(const model::Model& model, const text::Tokenizer& tokenizer,
                                 const GlueDataConfig& config, const EvaluationRun& run, const fs::path& folder);

}  // namespace retort::recipe
