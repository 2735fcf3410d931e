// Ids back to text against the `tokenizers` library.
#include "text_testing.h"

namespace retort::text {
namespace {

TEST(Decode, EqualsTheLibrary) {
  const Tokenizer tokenizer = fixture_tokenizer("uncased");
  for (const Json& expected : read_json_file(fixture("decode.json"))) {
    const auto ids = expected["ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.decode(ids), expected["text"].get<std::string>());
    EXPECT_EQ(tokenizer.decode(ids, false), expected["text_with_special"].get<std::string>());
  }
}

TEST(Decode, WithoutADecoderPiecesAreJoinedBySpaces) {
  const Tokenizer tokenizer = changed_tokenizer([](nlohmann::json& content) { content["decoder"] = nullptr; });
  const std::vector<int32_t> ids = {*tokenizer.find("a"), *tokenizer.find("##b"), *tokenizer.find(".")};
  EXPECT_EQ(tokenizer.decode(ids), "a ##b .");
}

TEST(Decode, NothingGivesNothing) { EXPECT_EQ(fixture_tokenizer("uncased").decode({}), ""); }

}  // namespace
}  // namespace retort::text
