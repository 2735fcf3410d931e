#include "retort/corpus/books/article_writer.h"

#include <gtest/gtest.h>

#include "unit/base/base_testing.h"

namespace retort::corpus {
namespace {

// The form of the published BookCorpus formatting: stripped lines joined by a space, two line ends behind the article.
TEST(ArticleWriter, JoinsLinesAndSeparatesArticles) {
  const TemporaryFolder folder;
  ArticleWriter writer(folder / "articles.txt");
  writer.add_line("  One \t");
  writer.add_line("\u00A0");
  writer.add_line("two.");
  EXPECT_TRUE(writer.end_article());
  EXPECT_FALSE(writer.end_article());
  writer.add_line("Dropped");
  writer.drop_article();
  writer.add_line("Three.");
  EXPECT_TRUE(writer.end_article());
  writer.publish();
  EXPECT_EQ(read_file(folder / "articles.txt"), "One two.\n\nThree.\n\n");
  EXPECT_EQ(writer.article_count(), 2);
  EXPECT_EQ(writer.byte_count(), 18);
}

}  // namespace
}  // namespace retort::corpus
