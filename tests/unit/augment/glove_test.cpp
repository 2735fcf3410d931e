#include "retort/augment/glove.h"

#include "unit/data/glue/glue_testing.h"

namespace retort::augment {
namespace {

using data::glue_error_of;
using data::GlueFolder;
using data::replace_all;

GloveVectors load_text(std::string_view content, const GloveOptions& options = {}) {
  const GlueFolder folder;
  return GloveVectors::load(folder.write("glove.txt", content), options);
}

// Returns the error without the folder's name.
std::string error_of(std::string_view content, const GloveOptions& options = {}) {
  const GlueFolder folder;
  const std::filesystem::path file = folder.write("glove.txt", content);
  return replace_all(glue_error_of([&] { GloveVectors::load(file, options); }), folder.path().string() + "/", "");
}

std::vector<float> row(const GloveVectors& vectors, int64_t index) {
  const auto values = vectors.values().subspan(index * vectors.width(), vectors.width());
  return {values.begin(), values.end()};
}

TEST(Glove, VectorsHaveLengthOne) {
  const GloveVectors vectors = load_text("cat 3 4\ndog -0.5 0\nsea 1e-3 1e-3\n");
  ASSERT_EQ(vectors.word_count(), 3);
  EXPECT_EQ(vectors.width(), 2);
  EXPECT_EQ(row(vectors, 0), (std::vector<float>{0.6f, 0.8f}));
  EXPECT_EQ(row(vectors, 1), (std::vector<float>{-1, 0}));
  EXPECT_FLOAT_EQ(row(vectors, 2)[0], 0.70710678f);
  EXPECT_EQ(vectors.maybe_find("sea"), 2);
  EXPECT_EQ(vectors.maybe_find("house"), std::nullopt);
}

TEST(Glove, FirstLineOfAWordCountsAndUnkIsNoWord) {
  const GloveVectors vectors = load_text("a 1 0\n<unk> 1 1\na 0 1\r\nb 0 2\n");
  ASSERT_EQ(vectors.word_count(), 2);
  EXPECT_EQ(row(vectors, 0), (std::vector<float>{1, 0}));
  EXPECT_EQ(vectors.word(1), "b");
  EXPECT_EQ(row(vectors, 1), (std::vector<float>{0, 1}));
}

TEST(Glove, ReadsTheFirstRowsOnly) {
  const GloveVectors vectors = load_text("a 1 0\nb 0 1\nc 1 1\nd broken\n", {.max_rows = 2});
  EXPECT_EQ(vectors.word_count(), 2);
}

TEST(Glove, CountLineOfFastTextIsPassedOver) {
  const GloveVectors vectors = load_text("2 3\n. 1 0 0\nb 0 1 0\n");
  EXPECT_EQ(vectors.word_count(), 2);
  EXPECT_EQ(vectors.width(), 3);
}

TEST(Glove, BrokenLinesAreNamed) {
  const std::string remedy = "; fix the line, or pass --on_bad_record skip to skip such lines";
  const std::string good = "a 1 0\nb 0 1\n";
  EXPECT_EQ(error_of(good + "c 1\n"), "`glove.txt` line 3: must hold a word and 2 numbers, but holds 1" + remedy);
  EXPECT_EQ(error_of(good + "c 1 2 3\n"), "`glove.txt` line 3: must hold a word and 2 numbers, but holds 3" + remedy);
  EXPECT_EQ(error_of(good + "\nc 1 x2\n"),
            "`glove.txt` line 4: number 2 must be a finite number, but is `x2`" + remedy);
  EXPECT_EQ(error_of(good + "c nan 1\n"),
            "`glove.txt` line 3: number 1 must be a finite number, but is `nan`" + remedy);
  EXPECT_EQ(error_of(good + "c 1e99 1\n"),
            "`glove.txt` line 3: number 1 must be a finite number, but is `1e99`" + remedy);
  EXPECT_EQ(error_of(good + "c 0 0.0\n"),
            "`glove.txt` line 3: must have a vector other than zero, but all its numbers are zero" + remedy);
  EXPECT_EQ(error_of(good + "\xFF 0 1\n"),
            "`glove.txt` line 3: must begin with a word in UTF-8, but does not" + remedy);
}

TEST(Glove, BrokenLinesAreSkippedAndCounted) {
  const GloveVectors vectors = load_text("a 1\nb 0 1\nc 1 x\nd 1 0\n", {.on_bad_record = data::OnBadRecord::kSkip});
  ASSERT_EQ(vectors.word_count(), 2);
  EXPECT_EQ(vectors.word(0), "b");
  EXPECT_EQ(row(vectors, 1), (std::vector<float>{1, 0}));
  EXPECT_EQ(vectors.skipped().summary(), "2 records were skipped (2 invalid lines)");
}

// A wide first line must not reserve memory for lines that are too short for it.
TEST(Glove, MemoryFollowsTheSizeOfTheFile) {
  std::string content;
  for (int line = 0; line < 9; ++line) {
    content += fmt::format("w{} ", line);
    for (int number = 0; number < 20000; ++number) content += "1 ";
    content += "\n";
  }
  for (int line = 0; line < 90000; ++line) content += "a 1\n";
  EXPECT_NE(error_of(content).find("`glove.txt` line 10: must hold a word and 20000 numbers, but holds 1"),
            std::string::npos);
  const GloveVectors vectors = load_text(content, {.on_bad_record = data::OnBadRecord::kSkip});
  EXPECT_EQ(vectors.word_count(), 9);
  EXPECT_EQ(vectors.skipped().count, 90000);
}

TEST(Glove, OtherFilesAreRefused) {
  const std::string told =
      "`glove.txt` must have a word and its numbers on every line, but its first lines do not; unpack the "
      "archive, or choose another --glove_embs";
  for (const char* content : {"", "\n\n", "only words here\nand here too\n",
                              "\xFD"
                              "7zXZ\n\x01\x02 3 4\n",
                              "word\n"})
    EXPECT_EQ(error_of(content), told) << content;
}

}  // namespace
}  // namespace retort::augment
