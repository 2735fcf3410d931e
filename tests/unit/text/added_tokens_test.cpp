// Added tokens with every combination of flags that models use, against the `tokenizers` library.
#include "text_testing.h"

namespace retort::text {
namespace {

TEST(AddedTokens, EqualTheLibrary) {
  for (const Json& group : read_json_file(fixture("added_tokens.json"))) {
    const Tokenizer tokenizer = changed_tokenizer([&](nlohmann::json& content) {
      content["added_tokens"] = nlohmann::json::parse(group["added_tokens"].dump());
    });
    SCOPED_TRACE(group["added_tokens"].dump());
    for (const Json& expected : group["cases"]) expect_case(tokenizer, expected);
  }
}

TEST(AddedTokens, BeyondTheModelAreInTheVocabularyButNotPiecesOfWords) {
  const Tokenizer tokenizer = changed_tokenizer([](nlohmann::json& content) {
    const size_t size = content["model"]["vocab"].size();
    content["added_tokens"].push_back({{"id", size}, {"content", "zqzq"}, {"single_word", true}});
  });
  const int32_t last = tokenizer.vocabulary_size() - 1;
  EXPECT_EQ(tokenizer.piece(last), "zqzq");
  EXPECT_EQ(tokenizer.find("zqzq"), last);
  EXPECT_EQ(tokenizer.encode_ids("zqzq"), std::vector<int32_t>{last});
  EXPECT_NE(tokenizer.encode_ids("zqzqa").front(), last);
  EXPECT_EQ(tokenizer.decode(std::vector{last}), "zqzq");
}

TEST(AddedTokens, GapsAndClashesOfIdsAreErrors) {
  const auto load_with = [](int64_t id, const char* content_text) {
    return error_of([&] {
      changed_tokenizer([&](nlohmann::json& content) {
        content["added_tokens"].push_back({{"id", id}, {"content", content_text}});
      });
    });
  };
  EXPECT_NE(load_with(1'000'000, "x y").find("ids must have no gaps, but `x y` of `added_tokens` has 1000000"),
            std::string::npos);
  EXPECT_NE(load_with(5'000'000'000, "x y").find("must be in 0..100000000, but is 5000000000"), std::string::npos);
  EXPECT_NE(load_with(7, "x y").find("ids must differ, but"), std::string::npos);
  EXPECT_NE(load_with(-1, "x y").find("must be in 0..100000000, but is -1"), std::string::npos);
}

}  // namespace
}  // namespace retort::text
