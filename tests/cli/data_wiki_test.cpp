// `retort data wiki`, `data books` and `data text` as a user types them: results, and broken input refused in one
// sentence.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "cli/program.h"

namespace retort::program {
namespace {

const fs::path kDump = fs::path(RETORT_FIXTURES) / "corpus" / "pages.xml";

void expect_refused(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors;
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
}

Outcome extract(const fs::path& input, const fs::path& folder, const Words& more = {}) {
  Words words = {"data", "wiki", "--input", input, "--output_dir", folder};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

TEST(DataWiki, ExtractsAFileAndStandardInputAlike) {
  const tiny::TemporaryFolder folder;
  const Outcome of_file = extract(kDump, folder / "file");
  ASSERT_EQ(of_file.exit_code, 0) << of_file.errors;
  const Json result = of_file.last_line();
  EXPECT_EQ(result["articles"], 4);
  EXPECT_EQ(result["redirects"], 1);
  EXPECT_EQ(result["pages"], 5);
  const Outcome of_input = run({"data", "wiki", "--input", "-", "--output_dir", folder / "input"}, read_file(kDump));
  ASSERT_EQ(of_input.exit_code, 0) << of_input.errors;
  EXPECT_EQ(read_file(folder / "file/AA/wiki_00"), read_file(folder / "input/AA/wiki_00"));
}

TEST(DataWiki, RefusesWhatIsNoDump) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "text", "plain text\n");
  write_file_atomically(folder / "empty", "");
  write_file_atomically(folder / "page.html", "<html><body></body></html>");
  write_file_atomically(folder / "dump.gz", "\x1F\x8B\x08\x01");
  expect_refused(extract(folder / "text", folder / "out1"), "is not XML at byte 0");
  expect_refused(extract(folder / "empty", folder / "out2"), "is empty");
  expect_refused(extract(folder / "page.html", folder / "out3"), "its first element is <html>");
  expect_refused(extract(folder / "dump.gz", folder / "out4"), "is gzip; pass it through `gzip -dc`");
  expect_refused(extract(folder / "absent", folder / "out5"), "cannot be read");
  expect_refused(extract(folder.path(), folder / "out6"), "is a folder");
}

TEST(DataWiki, KeepsFinishedPagesOfACutDumpAndContinues) {
  const tiny::TemporaryFolder folder;
  const std::string xml = read_file(kDump);
  const size_t last_page = xml.rfind("<page>");
  write_file_atomically(folder / "dump.xml", xml.substr(0, last_page + 600));
  expect_refused(extract(folder / "dump.xml", folder / "out"),
                 "must be a whole dump, but ends at byte " + std::to_string(last_page + 600));
  EXPECT_NE(read_file(folder / "out/AA/wiki_00").find("\n</doc>\n"), std::string::npos);
  expect_refused(extract(folder / "dump.xml", folder / "out"), "pass --resume to continue it");
  write_file_atomically(folder / "dump.xml", xml);
  ASSERT_EQ(extract(folder / "dump.xml", folder / "out", {"--resume"}).exit_code, 0);
  ASSERT_EQ(extract(kDump, folder / "whole").exit_code, 0);
  EXPECT_EQ(read_file(folder / "out/AA/wiki_00"), read_file(folder / "whole/AA/wiki_00"));
}

TEST(DataWiki, LeavesOutPagesThatAreNotUtf8WhenAsked) {
  const tiny::TemporaryFolder folder;
  std::string xml = read_file(kDump);
  const size_t byte = xml.find("</text>", xml.rfind("<page>"));
  xml.insert(byte, "\xFF");
  write_file_atomically(folder / "dump.xml", xml);
  expect_refused(extract(folder / "dump.xml", folder / "out1"),
                 "is broken at byte " + std::to_string(byte) + " of the XML");
  const Outcome outcome = extract(folder / "dump.xml", folder / "out2", {"--on_bad_record", "skip"});
  EXPECT_EQ(outcome.last_line()["skipped"]["not UTF-8"], 1) << outcome.errors;
  EXPECT_EQ(outcome.last_line()["articles"], 3);
}

// Standard input that stays open and gives a dump without end.
TEST(DataWiki, StopsAtASignalAndKeepsWhatIsFinished) {
  const tiny::TemporaryFolder folder;
  std::string page = "<page><title>A</title><ns>0</ns><id>%</id><revision><text>" + std::string(4000, 'x') +
                     "</text></revision></page>";
  std::string xml = "<mediawiki>";
  for (int i = 1; i <= 60000; ++i) xml += std::string(page).replace(page.find('%'), 1, std::to_string(i));
  xml += "</mediawiki>";
  write_file_atomically(folder / "dump.xml", xml);
  Process process(
      {"data", "wiki", "--input", folder / "dump.xml", "--output_dir", folder / "out", "--file_size", "1M"});
  while (!fs::exists(folder / "out/AA/wiki_02") && process.is_running()) {
  }
  process.send(SIGINT);
  const Outcome outcome = process.wait();
  if (outcome.exit_code != 0) {
    EXPECT_EQ(outcome.exit_code, 128 + SIGINT) << outcome.errors;
    EXPECT_NE(outcome.errors.find("--resume continues"), std::string::npos) << outcome.errors;
  }
  ASSERT_EQ(extract(folder / "dump.xml", folder / "out", {"--file_size", "1M", "--resume"}).last_line()["articles"],
            60000);
  EXPECT_GE(fs::file_size(folder / "out/AA/wiki_02"), 1000000u);
}

TEST(DataBooks, WritesABookALine) {
  const tiny::TemporaryFolder folder;
  fs::create_directories(folder / "books/b");
  write_file_atomically(folder / "books/2.txt", "\xEF\xBB\xBFTitle\n\n  One. \nTwo.\n");
  write_file_atomically(folder / "books/b/1.txt", "Three.\n");
  write_file_atomically(folder / "books/3.txt", "\n\n");
  write_file_atomically(folder / "books/notes.md", "no book");
  const Outcome outcome = run({"data", "books", "--input", folder / "books", "--output_file", folder / "out.txt"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(read_file(folder / "out.txt"), "Title One. Two.\n\nThree.\n\n");
  EXPECT_EQ(outcome.last_line()["articles"], 2);
  EXPECT_EQ(outcome.last_line()["skipped"]["empty"], 1);
}

TEST(DataBooks, RefusesOrLeavesOutBooksThatAreNotUtf8) {
  const tiny::TemporaryFolder folder;
  fs::create_directories(folder / "books");
  write_file_atomically(folder / "books/1.txt", "Good.\n");
  write_file_atomically(folder / "books/2.txt", "First.\ncaf\xE9\n");
  const Words words = {"data", "books", "--input", folder / "books", "--output_file", folder / "out.txt"};
  expect_refused(run(words), "line 2 must be UTF-8 text, but is broken at byte 4");
  EXPECT_FALSE(fs::exists(folder / "out.txt"));
  Words skipping = words;
  skipping.insert(skipping.end(), {"--on_bad_record", "skip"});
  const Outcome outcome = run(skipping);
  EXPECT_EQ(outcome.last_line()["skipped"]["not UTF-8"], 1) << outcome.errors;
  EXPECT_EQ(read_file(folder / "out.txt"), "Good.\n\n");
}

TEST(DataText, SeparatesArticlesAtBlankLines) {
  const tiny::TemporaryFolder folder;
  const Outcome outcome =
      run({"data", "text", "--input", "-", "--output_file", folder / "out.txt"}, "One.\n two.\r\n \n\nThree.\nFour.");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(read_file(folder / "out.txt"), "One. two.\n\nThree. Four.\n\n");
  expect_refused(run({"data", "text", "--input", "-", "--output_file", folder / "none.txt"}, "\n \n"),
                 "must hold text");
}

}  // namespace
}  // namespace retort::program
