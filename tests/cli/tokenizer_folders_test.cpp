// Tokenizer files that disagree or add tokens, and the flag that overrides them.
#include <gtest/gtest.h>

#include "cli/program.h"

namespace retort::program {
namespace {

constexpr const char* kSpecial = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

// The values are those of `transformers` 5.
TEST(TokenizerFolders, AddedTokensBesideAVocabularyAreFound) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "vocab.txt", std::string(kSpecial) + "the\nmill\n<\n>\nc\n##t\n##x\n");
  write_file_atomically(folder / "added_tokens.json", R"({"<ctx>": 12})");
  const Outcome outcome = run({"tokenize", "--model", folder / ""}, "the <ctx> mill\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "5 12 6\n");
}

TEST(TokenizerFolders, TheConfigurationDecidesTheLetterCaseWithAWarning) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "vocab.txt", std::string(kSpecial) + "Hel\nhel\n##lo\n");
  write_file_atomically(folder / "tokenizer_config.json", R"({"do_lower_case": false})");
  write_file_atomically(folder / "tokenizer.json", R"({"added_tokens": [],
    "normalizer": {"type": "BertNormalizer", "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
    "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "Hel": 5,
    "hel": 6, "##lo": 7}}})");
  const Outcome outcome = run({"tokenize", "--model", folder / ""}, "Hello\n");
  EXPECT_EQ(outcome.output, "5 7\n");
  EXPECT_NE(outcome.errors.find("tokenizer.json` says `lowercase` true, but"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("tokenizer_config.json` says `do_lower_case` false; false is used"), std::string::npos)
      << outcome.errors;
}

TEST(TokenizerFolders, DoLowerCaseOverridesTheFolder) {
  const tiny::TemporaryFolder folder;
  const std::string model = tiny::copy_model(tiny::question_answering_folder(), folder / "model");
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    fs::remove(fs::path(model) / name);
  const auto predict = [&](const Words& more) {
    Words words = {"predict", "qa", "--model", model, "--question", "WHO", "--context", "THE TOWN WAS BUILT"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return outcome.output;
  };
  EXPECT_EQ(predict({"--do_lower_case"}), predict({}));
  EXPECT_NE(predict({"--do_lower_case", "false"}), predict({}));
}

}  // namespace
}  // namespace retort::program
