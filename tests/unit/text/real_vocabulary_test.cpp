// The vocabulary of bert-base-uncased, where RETORT_DATA points to it: known sentences with their known ids.
#include <cstdlib>

#include "text_testing.h"

namespace retort::text {
namespace {

TEST(RealVocabulary, KnownSentences) {
  const char* data = std::getenv("RETORT_DATA");
  if (data == nullptr)
    GTEST_SKIP() << "RETORT_DATA is not set; it should name a folder with vocab/ of bert-base-uncased";
  const std::filesystem::path folder = std::filesystem::path(data) / "vocab";
  const Tokenizer by_json = Tokenizer::load(folder);
  const Tokenizer by_vocabulary = Tokenizer::from_vocab_file(folder / "vocab.txt");
  EXPECT_EQ(by_json.content_hash(), by_vocabulary.content_hash());
  EXPECT_EQ(by_json.vocabulary_size(), 30522);
  EXPECT_EQ(by_json.cls_id(), 101);
  EXPECT_EQ(by_json.sep_id(), 102);
  EXPECT_EQ(by_json.mask_id(), 103);
  EXPECT_EQ(by_json.pad_id(), 0);
  EXPECT_EQ(by_json.encode_ids("Hello, world! Unaffable naïve café 中文 [MASK]"),
            (std::vector<int32_t>{7592, 1010, 2088, 999, 14477, 20961, 3468, 15743, 7668, 1746, 1861, 103}));
}

}  // namespace
}  // namespace retort::text
