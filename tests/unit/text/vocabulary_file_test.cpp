// vocab.txt: what is tolerated, and the message for each thing that is not.
#include "text_testing.h"

namespace retort::text {
namespace {

const std::string kSpecial = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

class VocabularyFile : public testing::Test {
 protected:
  std::string error_for(std::string_view content) {
    const std::filesystem::path file = folder_.write("vocab.txt", content);
    const std::string error = error_of([&] { Tokenizer::from_vocab_file(file); });
    return error.substr(std::min(error.size(), error.find(file.string()) == 1 ? file.string().size() + 3 : 0));
  }
  TemporaryFolder folder_;
};

TEST_F(VocabularyFile, LineEndingsByteOrderMarkAndBlankLinesAtTheEndAreTolerated) {
  const Tokenizer plain = Tokenizer::from_vocab_file(folder_.write("vocab.txt", kSpecial + "the\n##s\n"));
  for (const std::string& content :
       {kSpecial + "the\n##s", kSpecial + "the\n##s\n\n", "\xEF\xBB\xBF" + kSpecial + "the\n##s\n",
        std::string("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nthe\r\n##s\r\n\r\n")}) {
    const Tokenizer other = Tokenizer::from_vocab_file(folder_.write("vocab.txt", content));
    EXPECT_EQ(other.vocabulary_size(), 7);
    EXPECT_EQ(other.content_hash(), plain.content_hash());
    EXPECT_EQ(other.encode_ids("thes"), (std::vector<int32_t>{5, 6}));
  }
}

TEST_F(VocabularyFile, ErrorsNameTheLine) {
  EXPECT_EQ(error_for(kSpecial + "caf\xE9\n"),
            "line 6 must be UTF-8, but has ill-formed bytes; convert the file to UTF-8");
  EXPECT_EQ(error_for(""), "must hold one piece per entry, but is empty");
}

TEST_F(VocabularyFile, SpecialTokensMustBeThere) {
  EXPECT_EQ(error_for("[PAD]\n[CLS]\n[SEP]\nthe\n"),
            "must contain `[UNK]`, but does not; use the original vocabulary, or name its token as `unk_token` in "
            "tokenizer_config.json");
  EXPECT_NE(error_for("[UNK]\n[SEP]\nthe\n").find("must contain `[CLS]`"), std::string::npos);
  EXPECT_NE(error_for("[UNK]\n[CLS]\nthe\n").find("must contain `[SEP]`"), std::string::npos);
  const Tokenizer without_mask = Tokenizer::from_vocabulary({"[UNK]", "[CLS]", "[SEP]"});
  EXPECT_EQ(without_mask.unk_id(), 0);
  EXPECT_EQ(error_of([&] { without_mask.mask_id(); }),
            "`vocabulary` must contain `[MASK]` for this, but does not; use a vocabulary that has it");
}

TEST_F(VocabularyFile, MissingFilesAndFolders) {
  EXPECT_NE(error_of([&] { Tokenizer::from_vocab_file(folder_ / "none.txt"); }).find("none.txt"), std::string::npos);
  EXPECT_NE(error_of([&] { Tokenizer::load(folder_.path()); }).find("but has neither"), std::string::npos);
}

TEST_F(VocabularyFile, ConfigNamesOptionsAndTokens) {
  folder_.write("vocab.txt", "<pad>\n<unk>\n<s>\n</s>\n<mask>\nThe\nthe\n");
  folder_.write("special_tokens_map.json", R"({"cls_token": {"content": "<s>"}, "sep_token": "</s>"})");
  folder_.write("tokenizer_config.json",
                R"({"do_lower_case": false, "model_max_length": 1e30, "strip_accents": true, "unk_token": "<unk>",
      "sep_token": "wrong", "pad_token": "<pad>", "mask_token": {"content": "<mask>", "lstrip": true}})");
  const Tokenizer tokenizer = Tokenizer::load(folder_.path());
  EXPECT_EQ(tokenizer.options().model_max_length, int64_t{1} << 30);
  EXPECT_EQ(tokenizer.options().strip_accents, std::optional(true));
  EXPECT_EQ(tokenizer.encode_ids("Thé the<mask>"), (std::vector<int32_t>{5, 6, 4}));
  EXPECT_EQ(tokenizer.cls_id(), 2);
  EXPECT_EQ(tokenizer.sep_id(), 3);
  EXPECT_EQ(tokenizer.pad_id(), 0);
}

TEST_F(VocabularyFile, WrongConfigsAreNamed) {
  folder_.write("vocab.txt", kSpecial);
  const auto error_with = [&](const char* config) {
    folder_.write("tokenizer_config.json", config);
    const std::string error = error_of([&] { Tokenizer::load(folder_.path()); });
    return error.substr(std::min(error.size(), error.find("`: ") + 3));
  };
  EXPECT_EQ(error_with(R"({"do_lower_case": "yes"})"), "`do_lower_case` must be true or false, but is \"yes\"");
  EXPECT_EQ(error_with(R"({"model_max_length": 0})"), "`model_max_length` must be at least 1, but is 0");
  EXPECT_EQ(error_with(R"({"unk_token": 3})"), "`unk_token` must be a token string, but is 3");
  folder_.write("tokenizer_config.json", "[]");
  EXPECT_NE(error_of([&] { Tokenizer::load(folder_.path()); }).find("must be a JSON object, but is array"),
            std::string::npos);
}

TEST_F(VocabularyFile, TokenizerJsonOfAnotherKind) {
  const auto error_with = [](auto change) { return error_of([&] { changed_tokenizer(change); }); };
  EXPECT_NE(error_with([](nlohmann::json& c) {
              c["normalizer"] = {{"type", "NFKC"}};
            }).find("`normalizer` must be of type BertNormalizer, but is `NFKC`; only the BERT tokenizer is supported"),
            std::string::npos);
  EXPECT_NE(error_with([](nlohmann::json& c) {
              c["pre_tokenizer"] = nullptr;
            }).find("must be of type BertPreTokenizer, but is absent"),
            std::string::npos);
  EXPECT_NE(error_with([](nlohmann::json& c) { c["model"]["vocab"]["the"] = 999999; }).find("but is 999999"),
            std::string::npos);
  EXPECT_NE(error_with([](nlohmann::json& c) { c["model"]["vocab"]["the"] = 3; }).find("both have 3"),
            std::string::npos);
  EXPECT_NE(error_with([](nlohmann::json& c) { c["model"]["unk_token"] = "nope"; }).find("must contain `nope`"),
            std::string::npos);
  EXPECT_NE(error_with([](nlohmann::json& c) {
              c["model"]["max_input_chars_per_word"] = "x";
            }).find("must be an integer, but is \"x\""),
            std::string::npos);
  // Another model beside a vocab.txt: the latter counts.
  EXPECT_EQ(error_with([](nlohmann::json& c) { c["model"]["type"] = "BPE"; }), "");
  folder_.write("tokenizer.json", "{\"model\": ");
  EXPECT_NE(error_of([&] { Tokenizer::load(folder_.path()); }).find("must be valid JSON"), std::string::npos);
  folder_.write("tokenizer.json", std::string(100000, '['));
  EXPECT_NE(error_of([&] { Tokenizer::load(folder_.path()); }).find("must be nested at most 256 deep"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::text
