// `retort finetune glue` and `retort evaluate glue` for each of the nine tasks on a dozen rows: scores, predictions and
// submissions.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/recipe/evaluate_glue.h"

namespace retort::recipe {
namespace {

struct Task {
  const char* name;
  std::set<std::string> scores;       // by their names in run_glue
  std::set<std::string> predictions;  // files with predictions for the dev set
  std::set<std::string> submissions;  // file names that gluebenchmark.com accepts
  size_t labels;
};

const Task kTasks[] = {
    {"cola", {"mcc"}, {"predictions_cola.tsv"}, {"CoLA.tsv"}, 2},
    {"sst-2", {"acc"}, {"predictions_sst-2.tsv"}, {"SST-2.tsv"}, 2},
    {"mrpc", {"acc", "f1", "acc_and_f1"}, {"predictions_mrpc.tsv"}, {"MRPC.tsv"}, 2},
    {"sts-b", {"pearson", "spearmanr", "corr"}, {"predictions_sts-b.tsv"}, {"STS-B.tsv"}, 1},
    {"qqp", {"acc", "f1", "acc_and_f1"}, {"predictions_qqp.tsv"}, {"QQP.tsv"}, 2},
    {"mnli",
     {"mnli/acc", "mnli-mm/acc"},
     {"predictions_mnli.tsv", "predictions_mnli-mm.tsv"},
     {"MNLI-m.tsv", "MNLI-mm.tsv"},
     3},
    {"qnli", {"acc"}, {"predictions_qnli.tsv"}, {"QNLI.tsv"}, 2},
    {"rte", {"acc"}, {"predictions_rte.tsv"}, {"RTE.tsv"}, 2},
    {"wnli", {"acc"}, {"predictions_wnli.tsv"}, {"WNLI.tsv"}, 2},
};

void PrintTo(const Task& task, std::ostream* out) {
  for (const char c : std::string(task.name)) *out << (c == '-' ? '_' : c);
}

std::set<std::string> tables_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".tsv") names.insert(entry.path().filename());
  return names;
}

class FinetuneGlue : public testing::TestWithParam<Task> {};

TEST_P(FinetuneGlue, WritesScoresPredictionsAndTheSubmission) {
  const Task& task = GetParam();
  const tiny::TemporaryFolder folder;
  FinetuneGlueConfig config = tiny::glue_settings(task.name, folder / "out");
  const Json results = finetune_glue(config);
  for (const std::string& score : task.scores) EXPECT_TRUE(results.contains(score)) << score;
  EXPECT_GE(results["train_steps"].get<int64_t>(), 2);
  EXPECT_EQ(read_json_file(folder / "out/results.json"), results);
  std::set<std::string> tables = task.predictions;
  tables.insert(task.submissions.begin(), task.submissions.end());
  EXPECT_EQ(tables_in(folder / "out"), tables);
  const Json model_config = read_json_file(folder / "out/config.json");
  EXPECT_EQ(model_config["id2label"].size(), task.labels);
  EXPECT_EQ(model_config["architectures"], Json({"BertForSequenceClassification"}));
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));

  EvaluateGlueConfig evaluation;
  evaluation.model.model = folder / "out";
  evaluation.data = config.data;
  evaluation.inference.precision = "fp32";
  evaluation.inference.threads = 1;
  evaluation.do_predict = true;
  evaluation.output_dir = folder / "evaluation";
  const Json scores = evaluate_glue(evaluation);
  for (const std::string& score : task.scores) EXPECT_EQ(scores[score], results[score]) << score;
  EXPECT_EQ(tables_in(folder / "evaluation"), tables);
  for (const std::string& table : tables)
    EXPECT_EQ(read_file(folder / "evaluation" / table), read_file(folder / "out" / table)) << table;
}

INSTANTIATE_TEST_SUITE_P(Nine, FinetuneGlue, testing::ValuesIn(kTasks), testing::PrintToStringParamName());

// A model with equal outputs for all rows has no correlation (NaN), so it cannot be the best of a run.
TEST(FinetuneGlueOutput, NaNScoresAreNotTheBest) {
  const tiny::TemporaryFolder folder;
  FinetuneGlueConfig config = tiny::glue_settings("sts-b", folder / "out");
  config.model.initializer_range = 0;  // the head starts at zero
  config.training.learning_rate = 0;
  config.training.evaluate_during_training = config.training.load_best_model_at_end = true;
  finetune_glue(config);
  for (const auto& entry : fs::directory_iterator(folder / "out"))
    EXPECT_FALSE(entry.path().filename().string().starts_with("checkpoint-")) << "only the best is saved here";
}

fs::path copy_of_mrpc(const fs::path& folder) {
  fs::copy(fs::path(tiny::glue_settings("mrpc", "").data.data_dir) / "MRPC", folder / "MRPC");
  return folder;
}

TEST(FinetuneGlueInput, EveryFileIsReadBeforeTraining) {
  for (const char* name : {"dev.tsv", "test.tsv"}) {
    const tiny::TemporaryFolder folder;
    FinetuneGlueConfig config = tiny::glue_settings("mrpc", folder / "out");
    config.data.data_dir = copy_of_mrpc(folder.path());
    write_file_atomically(folder / "MRPC" / name, read_file(folder / "MRPC" / name) + "a line of one column\n");
    const std::string message = tiny::message_of([&] { finetune_glue(config); });
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_FALSE(fs::exists(folder / "out/train_log.jsonl")) << name;
  }
}

TEST(FinetuneGlueInput, MaxEvalExamplesLimitsTheDevRows) {
  const tiny::TemporaryFolder folder;
  FinetuneGlueConfig config = tiny::glue_settings("mrpc", folder / "out");
  config.data.max_eval_examples = 3;
  finetune_glue(config);
  const auto lines_of = [&](const char* name) { return std::ranges::count(read_file(folder / "out" / name), '\n'); };
  EXPECT_EQ(lines_of("predictions_mrpc.tsv"), 1 + 3);
  EXPECT_GT(lines_of("MRPC.tsv"), 1 + 3) << "a submission is whole";
}

TEST(FinetuneGlueInput, SkippedRecordsAreReportedAlsoFromTheCache) {
  const tiny::TemporaryFolder folder;
  FinetuneGlueConfig config = tiny::glue_settings("mrpc", folder / "out");
  config.data.data_dir = copy_of_mrpc(folder.path());
  config.data.cache.use_cache = true, config.data.cache.cache_dir = folder / "cache";
  config.data.on_bad_record = "skip";
  write_file_atomically(folder / "MRPC/train.tsv", read_file(folder / "MRPC/train.tsv") + "a line of one column\n");
  finetune_glue(config);
  config.output.output_dir = folder / "again";
  testing::internal::CaptureStderr();
  finetune_glue(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("train.tsv`: 1 records were skipped when its features were made"), std::string::npos) << log;
}

TEST(FinetuneGlueOutput, OfAnotherTaskIsRefused) {
  const tiny::TemporaryFolder folder;
  finetune_glue(tiny::glue_settings("mrpc", folder / "out"));
  EvaluateGlueConfig evaluation;
  evaluation.model.model = folder / "out";
  evaluation.data = tiny::glue_settings("mnli", "").data;
  evaluation.output_dir = folder / "evaluation";
  try {
    evaluate_glue(evaluation);
    FAIL() << "two outputs do not answer a question of three";
  } catch (const UserError& error) {
    EXPECT_EQ(error.what(),
              "`" + (folder / "out/config.json").string() +
                  "` must name 3 labels for `mnli`, but names 2; fine-tune the model for this task first");
  }
  EXPECT_FALSE(fs::exists(folder / "evaluation/DONE"));
}

}  // namespace
}  // namespace retort::recipe
