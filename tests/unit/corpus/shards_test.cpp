// Plans against those of the plain program in tools/fixtures/reference (tests/fixtures/corpus/shards.json).
#include "retort/corpus/shards.h"

#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

using ShardsTest = FolderTest;

TEST(ShardPlan, IsThatOfThePlainProgram) {
  for (const Json& one : read_fixture("shards.json")) {
    const auto counts = one["sentence_counts"].get<std::vector<int64_t>>();
    const ShardPlan plan = plan_shards(counts, {.n_training_shards = one["n_training_shards"],
                                                .n_test_shards = one["n_test_shards"],
                                                .fraction_test_set = one["fraction_test_set"]});
    EXPECT_EQ(plan.training, one["training"].get<std::vector<std::vector<int64_t>>>());
    EXPECT_EQ(plan.test, one["test"].get<std::vector<std::vector<int64_t>>>());
  }
}

TEST(ShardPlan, RefusesFewerArticlesThanShards) {
  const std::vector<int64_t> counts{1, 2, 3};
  EXPECT_EQ(message_of([&] { plan_shards(counts, {.n_training_shards = 3, .n_test_shards = 1}); }),
            "`n_training_shards` and `n_test_shards` must together be at most the number of articles, but are 4 for 3 "
            "articles; "
            "lower them");
}

TEST(ShardPlan, TellsOfArticlesLongerThanAShard) {
  const std::vector<int64_t> counts{50, 1, 1, 1, 1, 1};
  const ShardPlan plan = plan_shards(counts, {.n_training_shards = 2, .n_test_shards = 1});
  EXPECT_EQ(plan.raised_training, 1);
}

TEST_F(ShardsTest, FindsArticlesAndWritesThem) {
  const fs::path input = write("s.txt", "\nA one.\nA two.\n\n \nB one.\n\nC one.\nC two.");
  const std::vector<ArticleLines> articles = index_articles(input);
  ASSERT_EQ(articles.size(), 3u);
  EXPECT_EQ(articles[0].sentence_count, 2);
  EXPECT_EQ(articles[1].sentence_count, 1);
  const std::vector<int64_t> chosen{2, 0};
  write_shard(input, articles, chosen, folder_ / "shard.txt");
  EXPECT_EQ(read_file(folder_ / "shard.txt"), "C one.\nC two.\n\nA one.\nA two.\n\n");
  EXPECT_EQ(shard_bytes(articles, chosen), static_cast<int64_t>(fs::file_size(folder_ / "shard.txt")));
}

TEST_F(ShardsTest, RefusesTextOfAnotherEncoding) {
  const fs::path input = write("s.txt", "Good.\n\xFF\n");
  EXPECT_NE(message_of([&] { index_articles(input); }).find("line 2 must be UTF-8 text"), std::string::npos);
  EXPECT_TRUE(index_articles(write("empty.txt", "")).empty());
}

}  // namespace
}  // namespace retort::corpus
