// `retort tokenize` as streams see it: one line out for each line in, in order, whatever the bytes.
#include "retort/cli/tokenize.h"

#include <gtest/gtest.h>

#include <sstream>

#include "retort/base/error.h"

namespace retort::cli {
namespace {

class Tokenize : public testing::Test {
 protected:
  std::string run(const std::string& input, const TokenizeConfig& config = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    tokenize_lines(config, tokenizer_, in, out);
    return out.str();
  }
  text::Tokenizer tokenizer_ =
      text::Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "caf", "##e", ".", "中"});
};

TEST_F(Tokenize, OneLineOutForEachLineIn) {
  EXPECT_EQ(run(""), "");
  EXPECT_EQ(run("\n"), "\n");
  EXPECT_EQ(run("cafe.\n\nCAFÉ"), "5 6 7\n\n5 6\n");
  EXPECT_EQ(run("cafe\r\ncafe\r\n"), "5 6\n5 6\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(run(std::string("ca\0fe \xFF.\n", 9)), "5 6 7\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: `standard input` has lines that are not UTF-8, 1 in all and line 1 first: their ill-formed bytes "
            "give no "
            "tokens\n");
}

TEST_F(Tokenize, SpecialTokensOnRequest) {
  EXPECT_EQ(run("cafe [MASK]\n\n", {.add_special_tokens = true}), "2 5 6 4 3\n2 3\n");
}

TEST_F(Tokenize, OffsetsInCodePointsAndBytes) {
  EXPECT_EQ(run("é 中café", {.offsets = true}),
            "{\"ids\": [1, 8, 5, 6], \"tokens\": [\"[UNK]\", \"中\", \"caf\", \"##e\"], \"offsets\": [[0, 1], [2, 3], "
            "[3, 6], [6, 7]], "
            "\"byte_offsets\": [[0, 2], [3, 6], [6, 9], [9, 11]]}\n");
  EXPECT_EQ(run("\n", {.offsets = true}), "{\"ids\": [], \"tokens\": [], \"offsets\": [], \"byte_offsets\": []}\n");
}

TEST_F(Tokenize, DecodesIds) {
  EXPECT_EQ(run("2 5 6 7 3\n\n 8\t5 \n", {.decode = true}), "cafe.\n\n中 caf\n");
  EXPECT_EQ(run("2 5\n", {.decode = true, .skip_special_tokens = false}), "[CLS] caf\n");
}

TEST_F(Tokenize, WrongIdsAreNamedWithTheirLine) {
  for (const char* wrong : {"9", "-1", "x", "5.0", "99999999999"}) {
    try {
      run(std::string("5\n6 ") + wrong + "\n", {.decode = true});
      FAIL() << wrong;
    } catch (const UserError& error) {
      EXPECT_EQ(error.what(),
                fmt::format("`standard input` line 2 must be ids in 0..8 separated by spaces, but has `{}`; "
                            "without --decode lines are read as text",
                            wrong));
    }
  }
}

// More than one batch of the reader, lines longer than a batch among them.
TEST_F(Tokenize, KeepsTheOrderAcrossBatches) {
  std::string input, expected;
  for (int i = 0; i < 300'000; ++i) {
    const size_t dots = static_cast<size_t>(i) % 7;
    input += std::string(dots, '.') + "\n";
    for (size_t dot = 0; dot < dots; ++dot) expected += dot == 0 ? "7" : " 7";
    expected += "\n";
  }
  const std::string middle = input + std::string(9'000'000, 'x') + "\n" + input + "cafe";
  EXPECT_TRUE(run(middle) == expected + "1\n" + expected + "5 6\n");
}

}  // namespace
}  // namespace retort::cli
