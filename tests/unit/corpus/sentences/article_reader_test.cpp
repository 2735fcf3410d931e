#include "retort/corpus/sentences/article_reader.h"

#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

using Articles = std::vector<std::string>;
using ArticleReaderTest = FolderTest;

Articles read_all(const std::vector<fs::path>& files, data::OnBadRecord policy = data::OnBadRecord::kFail,
                  ArticlePlace from = {}) {
  ArticleReader reader(files, policy, from);
  Articles all;
  for (;;) {
    const Articles& some = reader.next();
    if (some.empty()) return all;
    all.insert(all.end(), some.begin(), some.end());
  }
}

TEST_F(ArticleReaderTest, LeavesTitlesOutAndJoinsLines) {
  write("ex/AB/wiki_00", "<doc id=\"3\" title=\"C\">\nC\n\nThird.\n</doc>\n");
  write(
      "ex/AA/wiki_00",
      "<doc id=\"1\" title=\"A\">\nA\n\nOne line. \nAnother.\r\n\n</doc>\n\n<doc id=\"2\" title=\"B\">\nB\n\n</doc>\n");
  write("ex/.hidden", "no article");
  EXPECT_EQ(read_all(list_text_files(folder_ / "ex")), (Articles{"One line. Another.", "Third."}));
}

TEST_F(ArticleReaderTest, SeparatesPlainTextAtBlankLines) {
  const fs::path file = write("t.txt", "\xEF\xBB\xBF\n One \ntwo.\n \t\nThree.\r\n\r\n\r\nFour\rfive");
  EXPECT_EQ(read_all({file}), (Articles{"One two.", "Three.", "Four five"}));
}

TEST_F(ArticleReaderTest, GoesOnFromAPlace) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "Article " + std::to_string(i) + std::string(9000, 'x') + "\n\n";
  const std::vector<fs::path> files{write("a.txt", "First.\n"), write("b.txt", text)};
  const Articles whole = read_all(files);
  ASSERT_EQ(whole.size(), 3001u);
  ArticleReader reader(files, data::OnBadRecord::kFail);
  const size_t first = reader.next().size();
  ASSERT_LT(first, whole.size());
  const Articles rest = read_all(files, data::OnBadRecord::kFail, ArticlePlace::from_json(reader.place().to_json()));
  EXPECT_EQ(rest, Articles(whole.begin() + static_cast<std::ptrdiff_t>(first), whole.end()));
}

TEST_F(ArticleReaderTest, RefusesOrSkipsLinesThatAreNotUtf8) {
  const std::vector<fs::path> files{write("t.txt", "Good.\nBad \xFF line.\nAlso good.\n")};
  EXPECT_NE(message_of([&] { read_all(files); }).find("t.txt` line 2 must be UTF-8 text, but is broken at byte 5"),
            std::string::npos);
  EXPECT_EQ(read_all(files, data::OnBadRecord::kSkip), (Articles{"Good. Also good."}));
}

TEST_F(ArticleReaderTest, RefusesAFileThatIsCut) {
  const std::vector<fs::path> files{
      write("wiki_00", "<doc id=\"1\">\nT\n\nText.\n</doc>\n<doc id=\"2\">\nU\n\nCut he")};
  const std::string message = message_of([&] { read_all(files); });
  EXPECT_NE(message.find("wiki_00` must close the article of line 6 by </doc>, but ends after line 9"),
            std::string::npos)
      << message;
}

TEST_F(ArticleReaderTest, RefusesWhatIsNoText) {
  EXPECT_NE(message_of([&] { list_text_files(folder_ / "none"); }).find("is not there"), std::string::npos);
  EXPECT_NE(message_of([&] { list_text_files(folder_); }).find("must hold text files, but holds none"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::corpus
