// Runs every fuzz target over its corpus, so that each finding stays fixed. A target accepts or refuses an input; any
// other exception is a failure that names the file. `tools/make_fixtures.py fuzz_corpus` makes the corpus; inputs of
// findings are added to it.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "fuzz/targets.h"
#include "retort/base/file.h"
#include "retort/base/log.h"

namespace retort::fuzz {
namespace {

struct Target {
  const char* name;
  bool (*run)(std::string_view input);
};

constexpr Target kTargets[] = {
    {"column_file", column_file},
    {"event_log", event_log},
    {"feature_cache", feature_cache},
    {"glove", glove},
    {"glue", glue},
    {"instances", instances},
    {"json", json},
    {"json_lines", json_lines},
    {"manifest", manifest},
    {"model_config", model_config},
    {"numpy_bytes", numpy_bytes},
    {"parquet", parquet},
    {"pickle", pickle},
    {"predictions", predictions},
    {"punkt", punkt},
    {"safetensors", safetensors},
    {"settings", settings},
    {"shard_index", shard_index},
    {"squad", squad},
    {"text", text},
    {"torch_file", torch_file},
    {"trainer_state", trainer_state},
    {"tokenizer_files", tokenizer_files},
};

fs::path corpus() { return fs::path(RETORT_SOURCE_DIR) / "tests/fuzz/corpus"; }

class Corpus : public testing::TestWithParam<Target> {};

// A corpus with only accepted or only refused inputs tests half of the parser.
TEST_P(Corpus, IsTakenOrRefused) {
#ifndef RETORT_PARQUET
  if (GetParam().run == parquet) GTEST_SKIP() << "this build reads no Parquet";
#endif
  show_errors_only("");
  std::map<bool, int> counts;
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus() / GetParam().name)) {
    SCOPED_TRACE(entry.path().string());
    EXPECT_NO_THROW(++counts[GetParam().run(read_file(entry.path()))]);
  }
  EXPECT_GT(counts[true], 0);
  if (GetParam().run != text) {
    EXPECT_GT(counts[false], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(kTargets),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(FuzzTargets, EachHasACorpusAndEachCorpusATarget) {
  std::set<std::string> folders, names;
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus()))
    folders.insert(entry.path().filename().string());
  for (const Target& target : kTargets) names.insert(target.name);
  EXPECT_EQ(folders, names);
}

}  // namespace
}  // namespace retort::fuzz
