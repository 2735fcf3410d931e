// Candidates for replaced words against transformers and numpy (`tools/make_fixtures.py augment`), one word or several
// masked in a copy of the text.
#include <gtest/gtest.h>

#include <set>

#include "recipe/augment_settings.h"
#include "retort/augment/augment_candidates.h"
#include "retort/base/thread.h"
#include "retort/pretrained/model_folder.h"

namespace retort::recipe {
namespace {

struct Loaded {
  Loaded() {
    set_thread_count(2);
    const auto all = read_json_file(tiny::augment_fixture("expected.json"));
    for (const Json& text : all["texts"]) {
      texts.push_back(augment::make_augment_text(
          text::basic_words(text["text"].get<std::string>(), loaded.tokenizer->options()), *loaded.tokenizer,
          {.max_chunk_pieces = augment::CandidateFinder::max_chunk_pieces(*loaded.model)}));
      augment::collect_words_of_several_pieces(texts.back(), several);
      expected.push_back(text["candidates"]);
    }
    for (const augment::AugmentText& text : texts) pointers.push_back(&text);
  }
  pretrained::LoadedModel loaded =
      pretrained::load_model(tiny::augment_settings().model, {.head = model::Head::kMaskedLm});
  augment::GloveVectors vectors = augment::GloveVectors::load(tiny::augment_fixture("glove.txt"), {});
  std::vector<augment::AugmentText> texts;
  std::vector<const augment::AugmentText*> pointers;
  std::vector<Json> expected;
  std::set<std::string> several;
};

Json as_json(const std::vector<augment::WordCandidates>& candidates) {
  Json json = Json::array();
  for (const augment::WordCandidates& candidate : candidates) json.push_back({candidate.word, candidate.words});
  return json;
}

TEST(CandidateFinder, EqualsTransformersAndNumpy) {
  const Loaded all;
  const augment::GloveNeighbors neighbors(all.vectors, all.several, 8);
  for (const int64_t tokens : {64, 700, 100'000}) {
    augment::CandidateFinder finder(*all.loaded.model, *all.loaded.tokenizer, neighbors,
                                    {.count = 8, .max_tokens_per_batch = tokens});
    int64_t batches = 0;
    const auto found = finder.find(all.pointers, [&](double share) {
      ++batches;
      EXPECT_LE(share, 1);
    });
    EXPECT_GT(batches, 0);
    ASSERT_EQ(found.size(), all.expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(as_json(found[i]), all.expected[i]) << "text " << i;
  }
}

TEST(CandidateFinder, ComputesIdenticalTextsOnce) {
  const Loaded all;
  const augment::GloveNeighbors neighbors(all.vectors, all.several, 8);
  augment::CandidateFinder finder(*all.loaded.model, *all.loaded.tokenizer, neighbors, {.count = 8});
  std::vector<const augment::AugmentText*> twice = all.pointers;
  twice.insert(twice.end(), all.pointers.begin(), all.pointers.end());
  const auto found = finder.find(twice, [](double) {});
  const augment::CandidateCounts once = finder.counts();
  EXPECT_GE(once.shared_words, once.masked_words);
  for (size_t i = 0; i < all.pointers.size(); ++i)
    EXPECT_EQ(as_json(found[i]), as_json(found[i + all.pointers.size()])) << i;
  finder.find(all.pointers, [](double) {});
  EXPECT_EQ(finder.counts().masked_words, once.masked_words);  // the finder remembers them
}

// With several masked words per copy, a text with only one word to mask gets the same candidates as before, and in
// every text the candidates belong to the same words.
TEST(CandidateFinder, SeveralMaskedWordsPerCopyKeepTheirOrder) {
  const Loaded all;
  const augment::GloveNeighbors neighbors(all.vectors, all.several, 8);
  augment::CandidateFinder alone(*all.loaded.model, *all.loaded.tokenizer, neighbors, {.count = 8});
  augment::CandidateFinder together(*all.loaded.model, *all.loaded.tokenizer, neighbors,
                                    {.count = 8, .words_per_copy = 3});
  const auto one = alone.find(all.pointers, [](double) {}), three = together.find(all.pointers, [](double) {});
  EXPECT_EQ(together.counts().masked_words, alone.counts().masked_words);
  EXPECT_LT(together.counts().masked_copies, alone.counts().masked_copies / 2);
  for (size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(three[i].size(), one[i].size());
    size_t asked = 0;
    for (const augment::WordCandidates& word : one[i]) asked += !all.several.contains(all.texts[i].words[word.word]);
    for (size_t w = 0; w < one[i].size(); ++w) EXPECT_EQ(three[i][w].word, one[i][w].word);
    if (asked <= 1) {
      EXPECT_EQ(as_json(three[i]), as_json(one[i])) << "text " << i;
    }
  }
}

TEST(GreatestIndexes, AreTheFirstOfASortedList) {
  const std::vector<float> scores{1, 5, 3, 5, -2, 4, 3};
  EXPECT_EQ(augment::greatest_indexes(scores, 4), (std::vector<int32_t>{1, 3, 5, 2}));
  EXPECT_EQ(augment::greatest_indexes(scores, 20), (std::vector<int32_t>{1, 3, 5, 2, 6, 0, 4}));
  EXPECT_TRUE(augment::greatest_indexes(scores, 0).empty());
}

}  // namespace
}  // namespace retort::recipe
