#include "retort/metric/glue_scores.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/metric/classification.h"
#include "retort/metric/correlation.h"

namespace retort::metric {

using data::GlueMetric;
using data::GlueTask;

Json compute_glue_scores(const GlueTask& task, std::span<const int32_t> predicted, std::span<const int32_t> labels) {
  RETORT_CHECK(!task.is_regression(), "classes for the regression task {}", task.name);
  if (task.metric == GlueMetric::kMatthews) return {{glue_main_score(task), compute_matthews(predicted, labels)}};
  const double accuracy = compute_accuracy(predicted, labels);
  if (task.metric == GlueMetric::kAccuracy) return {{glue_main_score(task), accuracy}};
  const double f1 = compute_binary_f1(predicted, labels);
  return {{"acc", accuracy}, {"f1", f1}, {"acc_and_f1", (accuracy + f1) / 2}};
}

Json compute_glue_scores(const GlueTask& task, std::span<const float> predicted, std::span<const float> targets) {
  RETORT_CHECK(task.is_regression(), "targets for the classification task {}", task.name);
  const double pearson = compute_pearson(predicted, targets), spearman = compute_spearman(predicted, targets);
  return {{"pearson", pearson}, {"spearmanr", spearman}, {"corr", (pearson + spearman) / 2}};
}

std::string glue_main_score(const GlueTask& task) {
  switch (task.metric) {
    case GlueMetric::kAccuracyAndF1:
      return "acc_and_f1";
    case GlueMetric::kMatthews:
      return "mcc";
    case GlueMetric::kCorrelation:
      return "corr";
    case GlueMetric::kAccuracy:
      break;
  }
  // The two sets of MNLI are evaluated together, so their score names differ.
  return task.folder == "MNLI" ? fmt::format("{}/acc", task.name) : "acc";
}

std::string glue_student_score(const GlueTask& task) {
  return task.metric == GlueMetric::kAccuracyAndF1 ? "acc" : glue_main_score(task);
}

}  // namespace retort::metric
