// The scores of a GLUE task under the names that run_glue gives them (transformers 4.x, glue_compute_metrics).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "retort/base/json.h"
#include "retort/decode/glue_predictions.h"

namespace retort::metric {

// Classification tasks, [B] each: {"acc"}, {"acc", "f1", "acc_and_f1"}, {"mcc"}, {"mnli/acc"} or {"mnli-mm/acc"};
// acc_and_f1 is the mean of both. Shares in 0..1, not percent; NaN without examples, see classification.h.
Json compute_glue_scores(const data::GlueTask& task, std::span<const int32_t> predicted,
                         std::span<const int32_t> labels);

// Regression tasks, [B] each: {"pearson", "spearmanr", "corr"}; corr is the mean of both. NaN as in correlation.h.
Json compute_glue_scores(const data::GlueTask& task, std::span<const float> predicted, std::span<const float> targets);

// The score that selects the best model of this task, for example "acc_and_f1"; higher is better.
std::string glue_main_score(const data::GlueTask& task);

// The same for a student of predictions, as the published distillation keeps it: accuracy for MRPC and QQP.
std::string glue_student_score(const data::GlueTask& task);

}  // namespace retort::metric
