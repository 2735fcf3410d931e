// Ids and offsets of difficult texts against the `tokenizers` library, for every configuration of the normalizer.
#include "retort/text/unicode.h"
#include "text_testing.h"

namespace retort::text {
namespace {

class Texts : public testing::TestWithParam<const char*> {};

TEST_P(Texts, EqualTheLibrary) {
  const Tokenizer tokenizer = fixture_tokenizer(GetParam());
  const Json cases = read_json_file(fixture("texts.json"))[GetParam()];
  ASSERT_GT(cases.size(), 30u);
  for (const Json& expected : cases) expect_case(tokenizer, expected);
}

INSTANTIATE_TEST_SUITE_P(Configurations, Texts,
                         testing::Values("uncased", "uncased_accents", "uncased_no_chinese", "cased", "cased_stripped",
                                         "raw", "raw_stripped"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Texts, OptionsOfAVocabularyFileGiveTheSameTokenizer) {
  const Json cases = read_json_file(fixture("texts.json"));
  const std::pair<const char*, TokenizerOptions> same[] = {
      {"uncased", {}},
      {"uncased_accents", {.strip_accents = false}},
      {"uncased_no_chinese", {.tokenize_chinese_chars = false}},
      {"cased", {.do_lower_case = false}},
      {"cased_stripped", {.do_lower_case = false, .strip_accents = true}}};
  for (const auto& [name, options] : same) {
    const Tokenizer tokenizer = Tokenizer::from_vocab_file(fixture("vocab.txt"), options);
    for (const Json& expected : cases[name]) expect_case(tokenizer, expected);
  }
}

// Bytes that are not UTF-8 are read as Python's errors="replace" reads them; offsets stay those of the bytes.
TEST(Texts, IllFormedBytesCountAsReplacementCharacters) {
  const Tokenizer tokenizer = fixture_tokenizer("uncased");
  for (const Json& expected : read_json_file(fixture("bytes.json"))) {
    const auto hex = expected["hex"].get<std::string>();
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    Encoding got;
    tokenizer.encode(bytes, got);
    std::vector<int32_t> offsets;
    for (const Range range : got.offsets) offsets.insert(offsets.end(), {range.begin, range.end});
    EXPECT_EQ(got.ids, expected["ids"].get<std::vector<int32_t>>()) << hex;
    EXPECT_EQ(offsets, expected["offsets"].get<std::vector<int32_t>>()) << hex;
    // The fixture lists the byte where each code point ends; that byte's number of code points before must agree.
    const std::vector<int32_t> before = code_points_before(bytes);
    const auto ends = expected["ends"].get<std::vector<int32_t>>();
    for (size_t i = 0; i < ends.size(); ++i)
      EXPECT_EQ(before.at(static_cast<size_t>(ends[i])), static_cast<int32_t>(i)) << hex;
    EXPECT_EQ(before.size(), bytes.size() + 1);
    EXPECT_TRUE(std::is_sorted(before.begin(), before.end())) << hex;
  }
}

TEST(Texts, AppendsToWhatIsThere) {
  const Tokenizer tokenizer = fixture_tokenizer("uncased");
  Encoding twice;
  tokenizer.encode("ab", twice);
  const size_t once = twice.ids.size();
  tokenizer.encode("ab", twice);
  EXPECT_EQ(twice.ids.size(), 2 * once);
  EXPECT_EQ(twice.offsets.size(), twice.ids.size());
  EXPECT_TRUE(tokenizer.encode_ids("").empty());
}

}  // namespace
}  // namespace retort::text
