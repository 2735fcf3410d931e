// Compares the counts of the measured features with the fixtures of the reference programs, and checks that no files
// remain.
#include "retort/measure/bench_data.h"
#include "retort/base/folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/text/tokenizer.h"

namespace retort::measure {
namespace {

const fs::path kFixtures = RETORT_FIXTURES;

// Folders for the model, the user's cache and temporary files, each checked for changes.
class BenchDataTest : public testing::Test {
 protected:
  BenchDataTest() : folder_(fs::temp_directory_path() / fmt::format("retort_bench_data_{}", ::getpid())) {
    for (const char* name : {"model", "cache", "temporary"}) make_folder(folder_ / name);
    if (const char* before = std::getenv("TMPDIR")) temporary_before_ = before;
    ::setenv("RETORT_CACHE", (folder_ / "cache").c_str(), 1);
    ::setenv("TMPDIR", (folder_ / "temporary").c_str(), 1);
  }
  ~BenchDataTest() override {
    ::unsetenv("RETORT_CACHE");
    temporary_before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", temporary_before_.c_str(), 1);
    fs::remove_all(folder_);
  }

  BenchDataConfig config(const char* vocab_folder) const {
    text::Tokenizer::from_vocab_file(kFixtures / vocab_folder / "vocab.txt").save(folder_ / "model");
    BenchDataConfig config;
    config.model = (folder_ / "model").string();
    config.rounds = 2;
    return config;
  }
  void expect_rates_and_no_traces(const Json& result) const {
    for (const char* key : {"cold_s", "cached_s", "features_s", "tok_s", "mb_s", "cold_best_s", "cached_best_s",
                            "tokenizer_s", "cache_mb", "peak_rss_mb", "threads"})
      EXPECT_GT(result[key].get<double>(), 0) << key;
    EXPECT_TRUE(fs::is_empty(folder_ / "cache"));
    EXPECT_TRUE(fs::is_empty(folder_ / "temporary"));
  }

  const fs::path folder_;
  std::string temporary_before_;
};

TEST_F(BenchDataTest, MakesTheSquadFeaturesOfTheReference) {
  BenchDataConfig config = this->config("squad");
  config.data.squad.train_file = (kFixtures / "squad" / "sample-v1.1.json").string();
  const Json reference = read_json_file(kFixtures / "squad" / "features_train.json")[0];
  ASSERT_EQ(reference["options"], Json::array({384, 128, 64}));
  int64_t features = 0, tokens = 0;
  for (const Json& example : reference["examples"])
    for (const Json& window : example[1]) ++features, tokens += window[0].get<int64_t>();
  const Json result = bench_data(config);
  EXPECT_EQ(result["features"], features);
  EXPECT_EQ(result["tokens"], tokens);
  expect_rates_and_no_traces(result);
}

TEST_F(BenchDataTest, MakesTheGlueSequencesOfTheReference) {
  BenchDataConfig config = this->config("glue");
  config.data.task = "mrpc";
  config.data.data_dir = (kFixtures / "glue" / "data").string();
  int64_t tokens = 0;
  const Json rows = read_json_file(kFixtures / "glue" / "features.json")["mrpc/train"];
  for (const Json& row : rows) tokens += static_cast<int64_t>(row["sequences"]["128"][0].size());
  const Json result = bench_data(config);
  EXPECT_EQ(result["features"], rows.size());
  EXPECT_EQ(result["tokens"], tokens);
  expect_rates_and_no_traces(result);
}

TEST_F(BenchDataTest, AsksForTheFilesOfTheTask) {
  const auto message_of = [](const BenchDataConfig& config) -> std::string {
    try {
      bench_data(config);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  BenchDataConfig config = this->config("squad");
  EXPECT_EQ(message_of(config), "`train_file` must be given for squad, but is missing");
  config.data.task = "sst-2";
  EXPECT_EQ(message_of(config), "`data_dir` must be given for sst-2, but is missing");
}

}  // namespace
}  // namespace retort::measure
