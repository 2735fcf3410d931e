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

TEST(AddedTokens, TheirIdsFollowTheVocabularyWhateverTheFileSays) {
  for (const int64_t id : {int64_t{1'000'000}, int64_t{7}}) {
    const Tokenizer tokenizer = changed_tokenizer([&](nlohmann::json& content) {
      content["added_tokens"].push_back({{"id", id}, {"content", "x y"}});
    });
    EXPECT_EQ(tokenizer.encode_ids("x y"), std::vector<int32_t>{tokenizer.base_size()});
  }
}

TEST(AddedTokens, WildIdsAreErrors) {
  const auto load_with = [](int64_t id) {
    return error_of([&] {
      changed_tokenizer([&](nlohmann::json& content) {
        content["added_tokens"].push_back({{"id", id}, {"content", "x y"}});
      });
    });
  };
  EXPECT_NE(load_with(5'000'000'000).find("must be in 0..100000000, but is 5000000000"), std::string::npos);
  EXPECT_NE(load_with(-1).find("must be in 0..100000000, but is -1"), std::string::npos);
}

}  // namespace
}  // namespace retort::text
