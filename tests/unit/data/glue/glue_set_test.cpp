// Features, cache and rows of GLUE data.
#include "retort/data/glue/glue_set.h"

#include "retort/base/thread.h"
#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

GlueSource fixture_source(const char* task, GlueSplit split) {
  GlueSource source{.task = &find_glue_task(task), .split = split, .data_dir = glue_fixture("data")};
  source.cache.use_cache = false;
  return source;
}

TEST(GlueFeatures, EqualTheReference) {
  const text::Tokenizer tokenizer = glue_tokenizer();
  const Json all = read_json_file(glue_fixture("features.json"));
  for (const auto& [name, expected] : all.items()) {
    const std::string task = name.substr(0, name.find('/'));
    GlueSource source = fixture_source(task.c_str(), parse_glue_split(name.substr(name.find('/') + 1)));
    for (const int64_t max_seq_length : {128, 24, 23, 8}) {
      SCOPED_TRACE(fmt::format("{} {}", name, max_seq_length));
      source.features.max_seq_length = max_seq_length;
      const auto features = load_glue(source, tokenizer);
      ASSERT_EQ(features->feature_count(), static_cast<int64_t>(expected.size()));
      for (int64_t row = 0; row < features->feature_count(); ++row) {
        const GlueFeature feature = features->feature(row);
        const Json& sequence = expected[row]["sequences"][std::to_string(max_seq_length)];
        EXPECT_EQ(std::vector<int32_t>(feature.ids.begin(), feature.ids.end()),
                  sequence[0].get<std::vector<int32_t>>());
        EXPECT_EQ(feature.segment_b_start, sequence[1].get<int64_t>());
        EXPECT_EQ(feature.label, expected[row].value("label", -1));
        EXPECT_EQ(feature.target, expected[row].value("target", 0.0f));
      }
    }
  }
}

TEST(GlueFeatures, DoNotDependOnThreads) {
  GlueData data;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) texts.push_back("the cat " + std::string(i % 50, 'a') + " sat");
  for (const std::string& one : texts) data.examples.push_back({.text_a = one, .label = 1});
  const text::Tokenizer tokenizer = glue_tokenizer();
  const auto ids_with = [&](int threads) {
    const int before = thread_count();
    set_thread_count(threads);
    const GlueFeatures features = GlueFeatures::make(data, find_glue_task("cola"), tokenizer, {});
    set_thread_count(before);
    const auto ids = features.columns().get<int32_t>("ids");
    return std::vector<int32_t>(ids.begin(), ids.end());
  };
  EXPECT_EQ(ids_with(1), ids_with(4));
}

TEST(GlueFeatures, CountWhatWasCut) {
  GlueSource source = fixture_source("cola", GlueSplit::kTrain);
  EXPECT_EQ(load_glue(source, glue_tokenizer())->truncated_count(), 0);
  source.features.max_seq_length = 4;
  const auto features = load_glue(source, glue_tokenizer());
  EXPECT_GT(features->truncated_count(), 0);
  for (int64_t row = 0; row < features->feature_count(); ++row) EXPECT_LE(features->token_count(row), 4);
}

TEST(GlueFeatures, LengthsThatCannotBe) {
  const text::Tokenizer tokenizer = glue_tokenizer();
  GlueSource source = fixture_source("cola", GlueSplit::kTrain);
  source.features.max_seq_length = 3;
  EXPECT_EQ(glue_error_of([&] { load_glue(source, tokenizer); }),
            "`max_seq_length` must be at least 4 ([CLS], two [SEP] and a token), but is 3; 128 is usual");
  source.features.max_seq_length = 600;
  source.model_max_length = 512;
  EXPECT_EQ(glue_error_of([&] { load_glue(source, tokenizer); }),
            "`max_seq_length` must be at most 512 (the positions of the model), but is 600");
}

TEST(GlueFeatures, EmptyTextsAreSequencesOfSpecialTokens) {
  GlueData data;
  data.examples = {{.text_a = "", .text_b = ""}};
  const text::Tokenizer tokenizer = glue_tokenizer();
  const GlueFeatures features = GlueFeatures::make(data, find_glue_task("rte"), tokenizer, {});
  const GlueFeature feature = features.feature(0);
  EXPECT_EQ(std::vector<int32_t>(feature.ids.begin(), feature.ids.end()), (std::vector<int32_t>{2, 3, 3}));
  EXPECT_EQ(feature.segment_b_start, 2);
}

TEST(GlueRowSet, AppendsTokensAndAnswers) {
  const auto features = load_glue(fixture_source("mrpc", GlueSplit::kDev), glue_tokenizer());
  const GlueRowSet rows(features, answers_of(find_glue_task("mrpc"), GlueSplit::kDev));
  Batch batch;
  rows.append(3, batch);
  rows.append(0, batch);
  EXPECT_EQ(batch.rows, (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(batch.labels,
            (std::vector<std::vector<int32_t>>{{features->feature(3).label, features->feature(0).label}}));
  EXPECT_TRUE(batch.targets.empty());
  EXPECT_EQ(batch.tokens.sequences(), 2);
  EXPECT_EQ(batch.tokens.starts[1], rows.token_count(3));
  const int64_t first_of_b = features->feature(3).segment_b_start;
  EXPECT_EQ(batch.tokens.segments[first_of_b - 1], 0);
  EXPECT_EQ(batch.tokens.segments[first_of_b], 1);
}

TEST(GlueRowSet, TargetsForRegressionAndNothingForTests) {
  const auto features = load_glue(fixture_source("sts-b", GlueSplit::kDev), glue_tokenizer());
  Batch with_targets, without;
  GlueRowSet(features, answers_of(find_glue_task("sts-b"), GlueSplit::kDev)).append(1, with_targets);
  GlueRowSet(features, answers_of(find_glue_task("sts-b"), GlueSplit::kTest)).append(1, without);
  EXPECT_EQ(with_targets.targets, std::vector<float>{features->feature(1).target});
  EXPECT_TRUE(with_targets.labels.empty());
  EXPECT_TRUE(without.targets.empty() && without.labels.empty());
}

TEST(LoadGlue, CacheFollowsContentAndOptions) {
  const GlueFolder folder;
  const text::Tokenizer tokenizer = glue_tokenizer();
  folder.write("train.tsv", "sentence\tlabel\nthe cat\t1\na dog\t0\n");
  GlueSource source{.task = &find_glue_task("sst-2"), .data_dir = folder.path()};
  source.cache.cache_dir = (folder.path() / "cache").string();
  const auto cached_files = [&] {
    return std::distance(std::filesystem::directory_iterator(source.cache.cache_dir),
                         std::filesystem::directory_iterator());
  };
  EXPECT_EQ(load_glue(source, tokenizer)->feature_count(), 2);
  EXPECT_EQ(load_glue(source, tokenizer)->feature_count(), 2);
  EXPECT_EQ(cached_files(), 1);
  source.features.max_seq_length = 4;
  EXPECT_EQ(load_glue(source, tokenizer)->token_count(1), 4);
  EXPECT_EQ(cached_files(), 2);
  folder.write("train.tsv", "sentence\tlabel\nthe cat\t0\n");
  EXPECT_EQ(load_glue(source, tokenizer)->labels()[0], 0);
  EXPECT_EQ(cached_files(), 3);
  source.max_examples = 0;
  EXPECT_EQ(load_glue(source, tokenizer)->feature_count(), 0);
  EXPECT_EQ(cached_files(), 4);
}

TEST(LoadGlue, FilesCanBeNamed) {
  const GlueFolder folder;
  GlueSource source = fixture_source("sst-2", GlueSplit::kTrain);
  source.files = {folder.write("mine.txt", "sentence\tlabel\nthe cat\t1\n")};
  EXPECT_EQ(load_glue(source, glue_tokenizer())->feature_count(), 1);
}

}  // namespace
}  // namespace retort::data
