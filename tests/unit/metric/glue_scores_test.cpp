// Scores against scikit-learn and scipy (`tools/make_fixtures.py glue`), and the names of run_glue.
#include "retort/metric/glue_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "retort/metric/classification.h"
#include "retort/metric/correlation.h"

namespace retort::metric {
namespace {

Json score_cases(const char* kind) {
  return read_json_file(std::filesystem::path(RETORT_FIXTURES) / "glue" / "scores.json")[kind];
}

double number_of(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::vector<float> floats_of(const Json& values) {
  std::vector<float> floats;
  for (const Json& value : values) floats.push_back(static_cast<float>(number_of(value)));
  return floats;
}

void expect_number(double got, double expected, double tolerance) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(got)) << got;
  } else {
    EXPECT_NEAR(got, expected, tolerance);
  }
}

std::string keys_of(const Json& scores) {
  std::string keys;
  for (const auto& [key, value] : scores.items()) keys += (keys.empty() ? "" : " ") + key;
  return keys;
}

TEST(Classification, EqualsScikitLearn) {
  for (const Json& row : score_cases("classification")) {
    const auto predicted = row["predicted"].get<std::vector<int32_t>>(),
               labels = row["labels"].get<std::vector<int32_t>>();
    EXPECT_NEAR(compute_accuracy(predicted, labels), row["accuracy"].get<double>(), 1e-15);
    EXPECT_NEAR(compute_matthews(predicted, labels), row["matthews"].get<double>(), 1e-14);
    if (!row["f1"].is_null()) {
      EXPECT_NEAR(compute_binary_f1(predicted, labels), row["f1"].get<double>(), 1e-15);
    }
  }
}

TEST(Correlation, EqualsScipy) {
  for (const Json& row : score_cases("correlation")) {
    const std::vector<float> left = floats_of(row["left"]), right = floats_of(row["right"]);
    expect_number(compute_pearson(left, right), number_of(row["pearson"]), 1e-12);
    expect_number(compute_spearman(left, right), number_of(row["spearman"]), 1e-12);
  }
}

TEST(Scores, NoRowsGiveNaN) {
  EXPECT_TRUE(std::isnan(compute_accuracy({}, {})));
  EXPECT_TRUE(std::isnan(compute_binary_f1({}, {})));
  EXPECT_TRUE(std::isnan(compute_matthews({}, {})));
  EXPECT_TRUE(std::isnan(compute_pearson({}, {})));
  EXPECT_TRUE(std::isnan(compute_spearman({}, {})));
  const std::vector<float> one = {1};
  EXPECT_TRUE(std::isnan(compute_pearson(one, one)));
  EXPECT_TRUE(std::isnan(compute_spearman(one, one)));
}

TEST(Correlation, InfinitiesRankButDoNotCorrelate) {
  const std::vector<float> left = {1, std::numeric_limits<float>::infinity(), 1}, right = {3, 1, 2};
  EXPECT_TRUE(std::isnan(compute_pearson(left, right)));
  EXPECT_NEAR(compute_spearman(left, right), -0.8660254037844387, 1e-15);  // scipy.stats.spearmanr
}

Json scores_of(const char* task, const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels) {
  return compute_glue_scores(data::find_glue_task(task), predicted, labels);
}

Json scores_of_similarity(const std::vector<float>& values, const std::vector<float>& targets) {
  return compute_glue_scores(data::find_glue_task("sts-b"), values, targets);
}

TEST(GlueScores, HaveTheNamesOfRunGlue) {
  const auto keys = [](const char* task) { return keys_of(scores_of(task, {0, 1, 1, 0}, {0, 1, 0, 0})); };
  EXPECT_EQ(keys("cola"), "mcc");
  EXPECT_EQ(keys("mrpc"), "acc f1 acc_and_f1");
  EXPECT_EQ(keys("qqp"), "acc f1 acc_and_f1");
  EXPECT_EQ(keys("mnli"), "mnli/acc");
  EXPECT_EQ(keys("mnli-mm"), "mnli-mm/acc");
  for (const char* task : {"sst-2", "qnli", "rte", "wnli"}) EXPECT_EQ(keys(task), "acc");
  EXPECT_EQ(keys_of(scores_of_similarity({1, 2, 3}, {1, 3, 2})), "pearson spearmanr corr");
}

TEST(GlueScores, MeansAreOfBoth) {
  const Json scores = scores_of("mrpc", {0, 1, 1, 0}, {0, 1, 0, 0});
  EXPECT_DOUBLE_EQ(scores["acc"], 0.75);
  EXPECT_DOUBLE_EQ(scores["f1"], 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores["acc_and_f1"], (0.75 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(scores_of_similarity({1, 2, 3}, {1, 3, 2})["corr"], 0.5);
}

// Of task_distill.py: accuracy, correlation for STS-B, Matthews for CoLA.
TEST(GlueScores, StudentsAreKeptByAccuracy) {
  for (const auto& [task, score] : {std::pair("mrpc", "acc"),
                                    {"qqp", "acc"},
                                    {"sst-2", "acc"},
                                    {"mnli", "mnli/acc"},
                                    {"cola", "mcc"},
                                    {"sts-b", "corr"}})
    EXPECT_EQ(glue_student_score(data::find_glue_task(task)), score) << task;
  EXPECT_EQ(glue_main_score(data::find_glue_task("mrpc")), "acc_and_f1");
}

TEST(GlueScores, MainScoreIsOneOfTheKeys) {
  for (const data::GlueTask& task : data::glue_tasks()) {
    if (task.is_regression()) continue;
    EXPECT_TRUE(scores_of(std::string(task.name).c_str(), {0, 1}, {0, 1}).contains(glue_main_score(task))) << task.name;
  }
  EXPECT_TRUE(scores_of_similarity({0, 1}, {0, 1}).contains(glue_main_score(data::find_glue_task("sts-b"))));
}

}  // namespace
}  // namespace retort::metric
