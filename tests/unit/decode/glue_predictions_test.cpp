#include "retort/decode/glue_predictions.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::decode {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

class GlueFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "retort_predictions_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The submission of a task for the rows 0, 1, ... with these logits.
  std::string submission(const char* task_name, const std::vector<float>& logits) {
    const data::GlueTask& task = data::find_glue_task(task_name);
    const auto count = static_cast<int64_t>(logits.size()) / task.output_count();
    GluePredictions predictions(task, count);
    std::vector<int64_t> rows(count);
    for (int64_t row = 0; row < count; ++row) rows[row] = row;
    predictions.set(rows, logits);
    const fs::path path = write_glue_submission(folder_, predictions, rows);
    EXPECT_EQ(path, folder_ / task.submission_file);
    return read_file(path);
  }

  fs::path folder_;
};

TEST(BestLabel, IsTheFirstOfTheLargest) {
  EXPECT_EQ(best_label(std::vector<float>{1, 3, 3}), 1);
  EXPECT_EQ(best_label(std::vector<float>{-1}), 0);
  EXPECT_EQ(best_label(std::vector<float>{kNaN, -5, kNaN}), 1);
  EXPECT_EQ(best_label(std::vector<float>{kNaN, kNaN}), 0);
  EXPECT_EQ(best_label(std::vector<float>{0, kInfinity}), 1);
}

TEST(Softmax, SumsToOneWhateverTheSize) {
  const std::vector<float> shares = compute_softmax(std::vector<float>{1000, 1001, -kInfinity});
  EXPECT_NEAR(shares[0], 1 / (1 + std::exp(1.0)), 1e-6);
  EXPECT_NEAR(shares[0] + shares[1], 1, 1e-6);
  EXPECT_EQ(shares[2], 0);
  EXPECT_TRUE(compute_softmax({}).empty());
}

TEST(Softmax, IsNaNWithoutAnAnswer) {
  for (const std::vector<float>& logits :
       {std::vector<float>{1, kNaN}, {kNaN, 1}, {1, kInfinity}, {-kInfinity, -kInfinity}})
    EXPECT_TRUE(std::isnan(compute_softmax(logits)[0]));
}

TEST(GluePredictions, BatchesComeBackInPlace) {
  GluePredictions predictions(data::find_glue_task("cola"), 3);
  predictions.set(std::vector<int64_t>{2, 0}, std::vector<float>{1, 2, 4, 3});
  predictions.set(std::vector<int64_t>{1}, std::vector<float>{0, 9});
  EXPECT_EQ(predictions.labels(), (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(predictions.logits_of(2)[1], 2);
  EXPECT_THROW(predictions.values(), InternalError);
  EXPECT_THROW(predictions.set(std::vector<int64_t>{1}, std::vector<float>{0}), InternalError);
}

TEST_F(GlueFiles, SubmissionsHaveTheFormOfTheSite) {
  EXPECT_EQ(submission("cola", {0, 1, 1, 0}), "index\tprediction\n0\t1\n1\t0\n");
  EXPECT_EQ(submission("mnli", {3, 1, 1, 1, 3, 1, 1, 1, 3}),
            "index\tprediction\n0\tcontradiction\n1\tentailment\n2\tneutral\n");
  EXPECT_EQ(submission("ax", {3, 1, 1}), "index\tprediction\n0\tcontradiction\n");
  EXPECT_EQ(submission("qnli", {0, 1}), "index\tprediction\n0\tnot_entailment\n");
  EXPECT_EQ(submission("wnli", {1, 0}), "index\tprediction\n0\t0\n");
  EXPECT_EQ(submission("sts-b", {-0.5f, 2.34567f, 7}), "index\tprediction\n0\t0.000\n1\t2.346\n2\t5.000\n");
}

TEST_F(GlueFiles, DivergedModelsMakeNoSubmission) {
  try {
    submission("sts-b", {1, kNaN});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()),
              "`" + (folder_ / "STS-B.tsv").string() +
                  "` must hold a prediction for every example, but the model returned NaN for example 1; evaluate "
                  "a model that has not diverged");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(GlueFiles, PredictionsShowLabelsAndProbabilities) {
  GluePredictions predictions(data::find_glue_task("rte"), 2);
  const std::vector<int64_t> rows = {0, 1}, indexes = {5, 6};
  predictions.set(rows, std::vector<float>{0, 0, -kInfinity, 1});
  const std::vector<int32_t> labels = {1, 0};
  write_glue_predictions(folder_ / "p.tsv", predictions, {.indexes = indexes, .labels = labels});
  EXPECT_EQ(read_file(folder_ / "p.tsv"),
            "index\tlabel\tprediction\tprobability_entailment\tprobability_not_entailment\n"
            "5\tnot_entailment\tentailment\t0.500000\t0.500000\n6\tentailment\tnot_entailment\t0.000000\t1.000000\n");
  write_glue_predictions(folder_ / "p.tsv", predictions, {.indexes = indexes});
  EXPECT_EQ(read_file(folder_ / "p.tsv").substr(0, 16), "index\tprediction");
}

TEST_F(GlueFiles, PredictionsOfRegressionAreNumbers) {
  GluePredictions predictions(data::find_glue_task("sts-b"), 1);
  const std::vector<int64_t> rows = {0};
  predictions.set(rows, std::vector<float>{5.25f});
  const std::vector<float> targets = {4.5f};
  write_glue_predictions(folder_ / "p.tsv", predictions, {.indexes = rows, .targets = targets});
  EXPECT_EQ(read_file(folder_ / "p.tsv"), "index\tlabel\tprediction\n0\t4.5\t5.25\n");
}

}  // namespace
}  // namespace retort::decode
