// Words against the normalizer and the pre-tokenizer of the `tokenizers` library (`tools/make_fixtures.py augment`).
#include "retort/text/basic_words.h"

#include "text_testing.h"

namespace retort::text {
namespace {

std::vector<std::string> texts_of(const std::vector<BasicWord>& words) {
  std::vector<std::string> texts;
  for (const BasicWord& word : words) texts.push_back(word.text);
  return texts;
}

TEST(BasicWords, EqualTheLibrary) {
  const Json expected = read_json_file(std::filesystem::path(RETORT_FIXTURES) / "augment" / "expected.json");
  ASSERT_GT(expected["texts"].size(), 10u);
  for (const Json& text : expected["texts"])
    EXPECT_EQ(texts_of(basic_words(text["text"].get<std::string>(), {})),
              text["words"].get<std::vector<std::string>>());
}

TEST(BasicWords, SourcesCoverTheBytesOfEachWord) {
  const std::string text = "  Na\xC3\xAFve, \xE4\xBD\xA0Ok ";
  const std::vector<BasicWord> words = basic_words(text, {});
  EXPECT_EQ(texts_of(words), (std::vector<std::string>{"naive", ",", "\xE4\xBD\xA0", "ok"}));
  const Range expected[] = {{2, 8}, {8, 9}, {10, 13}, {13, 15}};
  for (size_t i = 0; i < words.size(); ++i) EXPECT_EQ(words[i].source, expected[i]) << i;
  EXPECT_EQ(join_words(words), "naive , \xE4\xBD\xA0 ok");
}

TEST(BasicWords, CasedTextKeepsItsLetters) {
  EXPECT_EQ(texts_of(basic_words("\xC3\x89t\xC3\xA9 It", {.do_lower_case = false})),
            (std::vector<std::string>{"\xC3\x89t\xC3\xA9", "It"}));
}

TEST(BasicWords, NoneInEmptyText) {
  EXPECT_TRUE(basic_words("", {}).empty());
  EXPECT_TRUE(basic_words(" \t\n\x01", {}).empty());
}

}  // namespace
}  // namespace retort::text
