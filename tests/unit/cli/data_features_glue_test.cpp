#include "retort/cli/data_features_glue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "retort/base/error.h"
#include "retort/cli/commands.h"

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
    for (const std::string& word : {std::string("--model"), model_.string(), std::string("--data_dir"),
                                    std::string(RETORT_FIXTURES) + "/glue/data", std::string("--no_use_cache")})
      arguments.push_back(word);
    parse_flags(list, arguments);
    return make_glue_features(config);
  }

  fs::path model_;
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

TEST(Commands, HaveTheGlueFeatures) {
  bool is_listed = false;
  for (const Command& command : commands()) is_listed |= std::string(command.name) == "data features glue";
  EXPECT_TRUE(is_listed);
}

}  // namespace
}  // namespace retort::cli
