#include "retort/data/table/tsv_reader.h"

#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

using Lines = std::vector<std::vector<std::string>>;

// Reads all lines; `numbers` receives their line numbers, `damages` what is wrong with each.
Lines read_all(std::string_view content, std::vector<int64_t>* numbers = nullptr,
               std::vector<std::string>* damages = nullptr) {
  const GlueFolder folder;
  TsvReader reader(folder.write("rows.tsv", content));
  Lines lines;
  while (reader.next()) {
    lines.emplace_back(reader.fields().begin(), reader.fields().end());
    if (numbers != nullptr) numbers->push_back(reader.line_number());
    if (damages != nullptr) damages->push_back(reader.maybe_damage().value_or(""));
  }
  return lines;
}

TEST(TsvReader, SplitsAtTabsAndKeepsEmptyFields) {
  EXPECT_EQ(read_all("a\tb\n\tc\t\nd"), (Lines{{"a", "b"}, {"", "c", ""}, {"d"}}));
}

TEST(TsvReader, QuotationMarksAreCharacters) {
  EXPECT_EQ(read_all("\"a\tb\"\n\"\"\"\t'\n"), (Lines{{"\"a", "b\""}, {"\"\"\"", "'"}}));
}

TEST(TsvReader, DropsByteOrderMarkAndCarriageReturns) {
  EXPECT_EQ(read_all("\xEF\xBB\xBF"
                     "a\tb\r\nc\rd\te\r\n"),
            (Lines{{"a", "b"}, {"c\rd", "e"}}));
}

TEST(TsvReader, PassesOverBlankLinesButCountsThem) {
  std::vector<int64_t> numbers;
  EXPECT_EQ(read_all("a\n\n\r\nb\n\n", &numbers), (Lines{{"a"}, {"b"}}));
  EXPECT_EQ(numbers, (std::vector<int64_t>{1, 4}));
}

TEST(TsvReader, EmptyFilesHaveNoLines) {
  EXPECT_TRUE(read_all("").empty());
  EXPECT_TRUE(read_all("\xEF\xBB\xBF").empty());
  EXPECT_TRUE(read_all("\n\n").empty());
}

TEST(TsvReader, SaysWhereALineIsNotText) {
  std::vector<std::string> damages;
  read_all(std::string("fine\tline\nab\0c\tx\n", 17) + "ok\tcaf\xC3\n\xEF\xBF\xBDz\t\xED\xA0\x80\n", nullptr, &damages);
  EXPECT_EQ(damages, (std::vector<std::string>{"", "column 1 must be text, but has a NUL byte at byte 3",
                                               "column 2 must be UTF-8 text, but is broken at byte 4",
                                               "column 2 must be UTF-8 text, but is broken at byte 1"}));
}

TEST(TsvReader, TakesAMillionColumns) {
  const Lines lines = read_all(std::string(1'000'000, '\t') + "\nnext\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), 1'000'001u);
  EXPECT_EQ(lines[1], std::vector<std::string>{"next"});
}

TEST(TsvReader, MissingFileIsNamed) {
  const std::string error = glue_error_of([] { TsvReader reader("/nowhere/rows.tsv"); });
  EXPECT_NE(error.find("`/nowhere/rows.tsv`"), std::string::npos) << error;
}

}  // namespace
}  // namespace retort::data
