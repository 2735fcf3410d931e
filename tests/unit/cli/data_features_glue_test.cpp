#include "retort/cli/data_features_glue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "retort/base/error.h"
#include "retort/cli/commands.h"
#include "unit/base/base_testing.h"

namespace retort::cli {
namespace {

namespace fs = std::filesystem;

// A model folder with the fixtures' vocabulary, and the configuration that reads the fixtures.
class GlueFeaturesCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    model_ = fs::temp_directory_path() / ("retort_glue_model_" + std::to_string(::getpid()));
    fs::create_directories(model_);
    fs::copy_file(fs::path(RETORT_FIXTURES) / "glue/vocab.txt", model_ / "vocab.txt",
                  fs::copy_options::overwrite_existing);
  }
  void TearDown() override { fs::remove_all(model_); }

  Json run(std::vector<std::string> arguments) {
    GlueFeaturesConfig config;
    FieldList list;
    config.fields(list);
    for (const std::string& word :
         {std::string("--model"), model_flag_.empty() ? model_.string() : model_flag_, std::string("--data_dir"),
          std::string(RETORT_FIXTURES) + "/glue/data", std::string("--no_use_cache")})
      arguments.push_back(word);
    parse_flags(list, arguments);
    return make_glue_features(config);
  }

  fs::path model_;
  std::string model_flag_;  // empty: model_
};

TEST_F(GlueFeaturesCommand, CountsRowsAndLabels) {
  const Json result = run({"--task_name", "mnli", "--split", "dev"});
  EXPECT_EQ(result["task"], "mnli");
  EXPECT_EQ(result["rows"], 9);
  EXPECT_EQ(result["skipped"], 0);
  int64_t rows = 0;
  for (const char* label : {"contradiction", "entailment", "neutral"}) rows += result["labels"][label].get<int64_t>();
  EXPECT_EQ(rows, 9);
}

TEST_F(GlueFeaturesCommand, RegressionHasTargetsAndTestFilesHaveNone) {
  EXPECT_LE(run({"--task_name", "stsb"})["targets"]["most"].get<double>(), 5);
  const Json result = run({"--task_name", "rte", "--split", "test"});
  EXPECT_FALSE(result.contains("labels"));
  EXPECT_EQ(result["rows"], 7);
}

TEST_F(GlueFeaturesCommand, SampleAndLength) {
  const Json result = run({"--task_name", "cola", "--max_train_examples", "3", "--max_seq_length", "5"});
  EXPECT_EQ(result["rows"], 3);
  EXPECT_LE(result["longest"].get<int64_t>(), 5);
}

TEST_F(GlueFeaturesCommand, WrongFlagsAreNamed) {
  EXPECT_THROW(run({"--task_name", "glue"}), UserError);
  EXPECT_THROW(run({"--task_name", "cola", "--max_seq_length", "1000000"}), UserError);
}

TEST_F(GlueFeaturesCommand, TheModelMayBeAHubName) {
  const Json by_folder = run({"--task_name", "cola"});
  const fs::path snapshot = model_ / "models--some--bert/snapshots/abc";
  fs::create_directories(snapshot);
  fs::create_directories(model_ / "models--some--bert/refs");
  fs::copy_file(model_ / "vocab.txt", snapshot / "vocab.txt");
  write_file_atomically(model_ / "models--some--bert/refs/main", "abc\n");
  const ScopedEnvironment cache("HF_HUB_CACHE", model_.string());
  model_flag_ = "some/bert";
  EXPECT_EQ(run({"--task_name", "cola"}), by_folder);
  model_flag_ = "other/bert";
  EXPECT_THROW(run({"--task_name", "cola"}), UserError);
}

TEST(Commands, HaveTheGlueFeatures) {
  bool is_listed = false;
  for (const Command& command : commands()) is_listed |= std::string(command.name) == "data features glue";
  EXPECT_TRUE(is_listed);
}

}  // namespace
}  // namespace retort::cli
