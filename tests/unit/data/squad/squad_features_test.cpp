// Features against transformers 4.46.3 (fixtures; with RETORT_DATA whole files), options, rows and the cache.
#include "retort/data/squad/squad_features.h"

#include "retort/base/thread.h"
#include "retort/data/squad/squad_features_make.h"
#include "retort/data/squad/squad_windows.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::digest_of_feature;
using retort::testing::real_squad_file;
using retort::testing::ScratchFolder;
using retort::testing::squad_fixture;
using retort::testing::squad_tokenizer;
using retort::testing::user_error_of;

void expect_reference(const char* data_name, const char* expected_name, bool version_2) {
  const SquadData data =
      read_squad(squad_fixture(data_name), {.is_training = true, .version_2_with_negative = version_2});
  for (const Json& expected : read_json_file(squad_fixture(expected_name))) {
    const SquadFeatureOptions options{expected["options"][0], expected["options"][1], expected["options"][2],
                                      version_2};
    const SquadFeatures features = make_squad_features(data, squad_tokenizer(), options, true);
    size_t i = 0;
    for (const Json& example : expected["examples"]) {
      const Json& rows = example[1];
      if (rows.empty()) continue;  // skipped by the reader
      ASSERT_LT(i, data.examples.size());
      ASSERT_EQ(example[0], data.examples[i].id);
      const auto [begin, end] = features.features_of(static_cast<int64_t>(i));
      ASSERT_EQ(end - begin, static_cast<int64_t>(rows.size())) << data.examples[i].id;
      for (int64_t f = begin; f < end; ++f) {
        const Json& row = rows[static_cast<size_t>(f - begin)];
        const SquadFeature feature = features.feature(f);
        EXPECT_EQ(Json::array({feature.token_count(), feature.window_offset(), feature.window_ids.size(),
                               feature.start_position, feature.end_position}),
                  Json::array({row[0], row[1], row[2], row[3], row[4]}))
            << data.examples[i].id << " window " << f - begin;
        EXPECT_EQ(fmt::format("{:016x}", digest_of_feature(features, f)), row[5])
            << data.examples[i].id << " window " << f - begin;
      }
      ++i;
    }
    EXPECT_EQ(i, data.examples.size());
  }
}

TEST(SquadFeatures, EqualTheReferenceV1) { expect_reference("sample-v1.1.json", "features_train.json", false); }
TEST(SquadFeatures, EqualTheReferenceV2) { expect_reference("sample-v2.0.json", "features_train_v2.json", true); }

struct RealFile {
  const char* name;
  bool is_training, version_2;
  int64_t features;
  const char* digest;  // `tools/make_fixtures.py squad --data`
};

void PrintTo(const RealFile& file, std::ostream* out) { *out << file.name; }

class SquadRealFile : public ::testing::TestWithParam<RealFile> {};

TEST_P(SquadRealFile, EqualsTheReference) {
  const ScratchFolder scratch;
  const fs::path path = real_squad_file(GetParam().name, scratch);
  if (path.empty())
    GTEST_SKIP() << "set RETORT_DATA to a folder with squad/" << GetParam().name << " (or .xz) and vocab/";
  const text::Tokenizer tokenizer = text::Tokenizer::load(fs::path(std::getenv("RETORT_DATA")) / "vocab");
  const SquadReadOptions options{.is_training = GetParam().is_training,
                                 .version_2_with_negative = GetParam().version_2};
  const SquadFeatures features = make_squad_features(read_squad(path, options), tokenizer, {}, options.is_training);
  uint64_t state = retort::testing::kDigestStart;
  for (int64_t f = 0; f < features.feature_count(); ++f) state = digest_of_feature(features, f, state);
  EXPECT_EQ(features.feature_count(), GetParam().features);
  // The real files' digests chain over all features.
  EXPECT_EQ(fmt::format("{:016x}", state), GetParam().digest);
}

INSTANTIATE_TEST_SUITE_P(All, SquadRealFile,
                         ::testing::Values(RealFile{"dev-v1.1.json", false, false, 10833, "902e20549d945a93"},
                                           RealFile{"dev-v2.0.json", false, true, 12232, "f67be4810e6d17fe"},
                                           RealFile{"train-v1.1.json", true, false, 88641, "6610a1fbd9fd9428"}),
                         [](const auto& test) {
                           return test.param.is_training ? "TrainV1" : test.param.version_2 ? "DevV2" : "DevV1";
                         });

TEST(SquadWindows, CheckValues) {
  EXPECT_EQ(make_windows(500, 384 - 10 - 3, 128), (std::vector<Window>{{0, 371}, {128, 371}, {256, 244}}));
  EXPECT_EQ(make_windows(371, 371, 128), (std::vector<Window>{{0, 371}}));
  EXPECT_EQ(make_windows(0, 371, 128), std::vector<Window>());
  EXPECT_EQ(make_windows(10, 4, 100), (std::vector<Window>{{0, 4}, {4, 4}, {8, 2}}));  // adjacent, without gaps
}

TEST(SquadWindows, TheBestWindowHasTheMostContext) {
  const std::vector<Window> windows = make_windows(500, 371, 128);
  EXPECT_EQ(best_window(windows, 0), 0);
  EXPECT_EQ(best_window(windows, 499), 2);
  EXPECT_EQ(best_window(windows, 300), 1);
  EXPECT_EQ(best_window(windows, 500), -1);
}

TEST(SquadFeatures, FiveHundredPiecesMakeThreeWindows) {
  const SquadData data = read_squad(squad_fixture("sample-v1.1.json"), {.is_training = true});
  const SquadFeatures features = make_squad_features(data, squad_tokenizer(), {}, true);
  const auto [begin, end] = features.features_of(features.example_count() - 1);
  ASSERT_EQ(end - begin, 3);
  EXPECT_EQ(features.feature(end - 2).window_start, 128);
  EXPECT_EQ(features.feature(end - 1).window_ids.size(), 244u);
}

TEST(SquadFeatures, DoNotDependOnTheThreads) {
  const SquadData data = read_squad(squad_fixture("sample-v1.1.json"), {.is_training = true});
  const auto hash_with = [&](int threads) {
    set_thread_count(threads);
    const SquadFeatures features = make_squad_features(data, squad_tokenizer(), {64, 16, 12}, true);
    uint64_t state = retort::testing::kDigestStart;
    for (int64_t f = 0; f < features.feature_count(); ++f) state = digest_of_feature(features, f, state);
    return state;
  };
  const int before = thread_count();
  EXPECT_EQ(hash_with(1), hash_with(4));
  set_thread_count(before);
}

TEST(SquadFeatureOptions, AreChecked) {
  const auto message = [](SquadFeatureOptions options, int64_t model_max_length = 512) {
    return user_error_of([&] { options.check(model_max_length); });
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({384, 0, 64}), "`doc_stride` must be at least 1 token, but is 0; 128 is usual");
  EXPECT_EQ(message({384, -5, 64}), "`doc_stride` must be at least 1 token, but is -5; 128 is usual");
  EXPECT_EQ(message({384, 128, 0}), "`max_query_length` must be at least 1 token, but is 0; 64 is usual");
  EXPECT_NE(message({67, 128, 64}).find("`max_seq_length` must be greater than max_query_length + 3 (64 + 3"),
            std::string::npos);
  EXPECT_EQ(message({68, 1, 64}), "");
  EXPECT_NE(
      message({513, 128, 64}).find("`max_seq_length` must be at most 512 (the positions of the model), but is 513"),
      std::string::npos);
}

TEST(SquadFeatureOptions, AStrideWithoutOverlapIsExplained) {
  EXPECT_FALSE(SquadFeatureOptions().stride_warning().has_value());
  const auto warning = SquadFeatureOptions{384, 317, 64}.stride_warning();
  ASSERT_TRUE(warning.has_value());
  EXPECT_NE(warning->find("`doc_stride` 317 is not less than the 317 context tokens"), std::string::npos) << *warning;
}

TEST(SquadRowSet, PutsTheSequenceTogether) {
  const SquadData data = read_squad(squad_fixture("sample-v1.1.json"), {.is_training = true});
  const auto features = std::make_shared<SquadFeatures>(make_squad_features(data, squad_tokenizer(), {}, true));
  const SquadRowSet rows(features, SquadRowSet::Labels::kPositions);
  Batch batch;
  rows.append(1, batch);
  rows.append(0, batch);
  const SquadFeature second = features->feature(1);
  EXPECT_EQ(batch.rows, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(batch.tokens.sequences(), 2);
  EXPECT_EQ(batch.tokens.starts[1], rows.token_count(1));
  EXPECT_EQ(batch.tokens.ids[0], features->cls_id());
  EXPECT_EQ(batch.tokens.ids[static_cast<size_t>(rows.token_count(1)) - 1], features->sep_id());
  EXPECT_EQ(batch.tokens.segments[static_cast<size_t>(second.window_offset()) - 1], 0);
  EXPECT_EQ(batch.tokens.segments[static_cast<size_t>(second.window_offset())], 1);
  EXPECT_EQ(batch.labels,
            (std::vector<std::vector<int32_t>>{{second.start_position, features->feature(0).start_position},
                                               {second.end_position, features->feature(0).end_position}}));
}

TEST(SquadSet, CachedFeaturesEqualFreshOnes) {
  const ScratchFolder scratch;
  SquadSource source{
      .file = squad_fixture("sample-v1.1.json"), .max_examples = 20, .cache = {.cache_dir = scratch.path()}};
  const SquadFeatures fresh = load_squad_training(source, squad_tokenizer());
  const SquadFeatures cached = load_squad_training(source, squad_tokenizer());
  ASSERT_EQ(fresh.feature_count(), cached.feature_count());
  for (int64_t f = 0; f < fresh.feature_count(); ++f)
    EXPECT_EQ(digest_of_feature(fresh, f), digest_of_feature(cached, f));
  EXPECT_EQ(fresh.example_count(), 20);
  const auto files = [&] { return std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()); };
  EXPECT_EQ(files(), 1);
  source.features.doc_stride = 64;
  load_squad_training(source, squad_tokenizer());
  source.seed = 7;
  load_squad_training(source, squad_tokenizer());
  load_squad_evaluation(source, squad_tokenizer());
  EXPECT_EQ(files(), 4);
}

TEST(SquadSet, AQuestionNeedsAContext) {
  EXPECT_EQ(user_error_of([] { make_question_set("q", " \n", squad_tokenizer(), {}); }),
            "`context` must have words, but is empty");
}

}  // namespace
}  // namespace retort::data
