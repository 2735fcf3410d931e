// Texts that quadratic algorithms would not survive: these tests are about the result, and end at all because the
// time is linear.
#include "text_testing.h"

namespace retort::text {
namespace {

class LongText : public testing::Test {
 protected:
  Encoding encode(const std::string& text) {
    Encoding encoding;
    tokenizer_.encode(text, encoding);
    return encoding;
  }
  Tokenizer tokenizer_ = Tokenizer::from_vocab_file(fixture("vocab.txt"));
};

std::string repeat(std::string_view part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

TEST_F(LongText, AMillionDotsAreAMillionTokens) {
  const Encoding got = encode(std::string(1'000'000, '.'));
  ASSERT_EQ(got.ids.size(), 1'000'000u);
  EXPECT_EQ(got.ids, std::vector<int32_t>(1'000'000, *tokenizer_.find(".")));
  for (int32_t i = 0; i < 1'000'000; ++i) ASSERT_EQ(got.offsets[static_cast<size_t>(i)], (Range{i, i + 1}));
}

TEST_F(LongText, AWordOfAMegabyteIsUnknown) {
  for (const std::string_view part : {"a", "é", "e\u0301", "中\u00ad", "a\u302e"}) {
    const std::string text = repeat(part, 1'000'000 / part.size());
    const Encoding got = encode(text);
    if (part.starts_with("中")) {  // every ideograph is a word
      EXPECT_EQ(got.ids.size(), 1'000'000 / part.size());
    } else {
      EXPECT_EQ(got.ids, std::vector<int32_t>{tokenizer_.unk_id()});
      EXPECT_EQ(got.offsets.front().begin, 0);
      EXPECT_GE(got.offsets.front().end, static_cast<int32_t>(text.size()) - 2);
    }
  }
}

TEST_F(LongText, AFloodOfMarksVanishesBehindItsLetter) {
  const Encoding got = encode("a" + repeat("\u0301\u0323\u0334", 300'000) + "b");
  EXPECT_EQ(got.ids, tokenizer_.encode_ids("ab"));
  EXPECT_EQ(got.offsets.back().end, 1 + 6 * 300'000 + 1);
}

TEST_F(LongText, AFloodOfMarksThatStayIsSortedInOneGo) {
  const Encoding got = encode("a" + repeat("\u302e\u0301", 300'000));
  EXPECT_EQ(got.ids, std::vector<int32_t>{tokenizer_.unk_id()});
}

TEST_F(LongText, BracketsThatAlmostBeginSpecialTokens) {
  EXPECT_EQ(encode(std::string(500'000, '[')).ids.size(), 500'000u);
  EXPECT_EQ(encode(repeat("[MASK]", 100'000)).ids, std::vector<int32_t>(100'000, tokenizer_.mask_id()));
}

TEST_F(LongText, IllFormedBytesWithoutEnd) {
  EXPECT_TRUE(encode(std::string(1'000'000, '\xFF')).ids.empty());
  EXPECT_TRUE(encode(std::string(1'000'000, '\0')).ids.empty());
  EXPECT_TRUE(encode(repeat("\xE2\x82", 300'000)).ids.empty());
}

}  // namespace
}  // namespace retort::text
