// save() and load() give the same tokenizer, through tokenizer.json and through vocab.txt with tokenizer_config.json.
// tools/check_tokenizer.py shows that `transformers` reads the same folder.
#include "text_testing.h"

namespace retort::text {
namespace {

TEST(SavedFolder, LoadsAsTheSameTokenizer) {
  const Json cases = read_json_file(fixture("texts.json"));
  const TokenizerOptions options[] = {
      {},
      {.do_lower_case = false},
      {.strip_accents = false, .tokenize_chinese_chars = false, .max_word_characters = 100, .model_max_length = 384}};
  for (const TokenizerOptions& option : options) {
    const TemporaryFolder folder;
    const Tokenizer original = Tokenizer::from_vocab_file(fixture("vocab.txt"), option);
    original.save(folder.path());
    const Tokenizer by_json = Tokenizer::load(folder.path());
    std::filesystem::remove(folder / "tokenizer.json");
    const Tokenizer by_vocabulary = Tokenizer::load(folder.path());
    EXPECT_EQ(by_json.content_hash(), original.content_hash());
    EXPECT_EQ(by_vocabulary.content_hash(), original.content_hash());
    EXPECT_EQ(by_json.options().model_max_length, option.model_max_length);
    EXPECT_EQ(by_json.options().strip_accents, option.strip_accents);
    for (const Json& one : cases["uncased"]) {
      const auto text = one["text"].get<std::string>();
      EXPECT_EQ(by_json.encode_ids(text), original.encode_ids(text));
      EXPECT_EQ(by_vocabulary.encode_ids(text), original.encode_ids(text));
    }
  }
}

TEST(SavedFolder, KeepsWhatOnlyTokenizerJsonSays) {
  const Tokenizer original = changed_tokenizer([](nlohmann::json& content) {
    content["normalizer"]["clean_text"] = false;
    content["model"]["max_input_chars_per_word"] = 7;
    content["added_tokens"].push_back(
        {{"id", content["model"]["vocab"].size()}, {"content", "new \"one\""}, {"lstrip", true}});
    content["decoder"]["cleanup"] = false;
  });
  const TemporaryFolder folder;
  original.save(folder.path());
  const Tokenizer loaded = Tokenizer::load(folder.path());
  EXPECT_EQ(loaded.content_hash(), original.content_hash());
  EXPECT_EQ(loaded.vocabulary_size(), original.vocabulary_size());
  EXPECT_EQ(loaded.encode_ids("a new \"one\"b abcdefgh\x01"), original.encode_ids("a new \"one\"b abcdefgh\x01"));
  EXPECT_EQ(loaded.decode(loaded.encode_ids("a . b")), "a . b");
}

TEST(SavedFolder, TheHashDependsOnEverythingThatChangesIds) {
  std::vector<std::string> hashes = {
      Tokenizer::from_vocab_file(fixture("vocab.txt")).content_hash(), fixture_tokenizer("cased").content_hash(),
      fixture_tokenizer("uncased_accents").content_hash(), fixture_tokenizer("uncased_no_chinese").content_hash(),
      fixture_tokenizer("raw").content_hash()};
  hashes.push_back(
      changed_tokenizer([](nlohmann::json& c) { c["model"]["max_input_chars_per_word"] = 99; }).content_hash());
  hashes.push_back(changed_tokenizer([](nlohmann::json& c) { c["added_tokens"][0]["lstrip"] = true; }).content_hash());
  hashes.push_back(
      changed_tokenizer([](nlohmann::json& c) { c["model"]["continuing_subword_prefix"] = "@@"; }).content_hash());
  hashes.push_back(Tokenizer::from_vocabulary({"[UNK]", "[CLS]", "[SEP]"}).content_hash());
  hashes.push_back(Tokenizer::from_vocabulary({"[UNK]", "[SEP]", "[CLS]"}).content_hash());
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
  // The longest input is no matter of ids.
  EXPECT_EQ(Tokenizer::from_vocab_file(fixture("vocab.txt"), {.model_max_length = 64}).content_hash(),
            Tokenizer::from_vocab_file(fixture("vocab.txt")).content_hash());
}

}  // namespace
}  // namespace retort::text
