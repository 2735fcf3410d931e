// Which words may be replaced, in which chunk and by which method; masked copies; variants. Expected values are counted
// by hand.
#include "retort/augment/augment_words.h"

#include <algorithm>

#include "retort/augment/augment_variants.h"
#include "retort/augment/masked_copies.h"
#include "unit/data/glue/glue_testing.h"

namespace retort::augment {
namespace {

using data::glue_tokenizer;

constexpr int32_t kSeveral = ReplaceableWord::kSeveralPieces;

std::vector<std::pair<int32_t, int32_t>> places(const AugmentChunk& chunk) {
  std::vector<std::pair<int32_t, int32_t>> found;
  for (const ReplaceableWord& word : chunk.replaceable) found.emplace_back(word.word, word.piece);
  return found;
}

AugmentText make(std::string_view text, const AugmentRules& rules = {}, const std::set<std::string>& black_list = {}) {
  const text::Tokenizer tokenizer = glue_tokenizer();
  return make_augment_text(text::basic_words(text, tokenizer.options()), tokenizer, rules, black_list);
}

TEST(AugmentWords, LettersThatAreNoStopWordMayBeReplaced) {
  // "unaffable" is un ##aff ##able; "2nd" and "café" are not replaced because they do not consist of letters a to z.
  const AugmentText text = make("The CAT sat 2nd , unaffable \xC3\xA9nd");
  EXPECT_EQ(text.words, (std::vector<std::string>{"the", "cat", "sat", "2nd", ",", "unaffable", "end"}));
  ASSERT_EQ(text.chunks.size(), 1u);
  EXPECT_EQ(text.chunks[0].pieces.size(), 11u);  // the cat sat 2 ##n ##d , un ##aff ##able end
  EXPECT_EQ(places(text.chunks[0]), (std::vector<std::pair<int32_t, int32_t>>{{1, 1}, {2, 2}, {5, kSeveral}, {6, 10}}));
  std::set<std::string> several;
  collect_words_of_several_pieces(text, several);
  EXPECT_EQ(several, std::set<std::string>{"unaffable"});
}

TEST(AugmentWords, BlackListAndQuestionWords) {
  EXPECT_EQ(places(make("the cat sat", {}, {"cat"}).chunks[0]), (std::vector<std::pair<int32_t, int32_t>>{{2, 2}}));
  EXPECT_TRUE(is_stop_word("who") && is_stop_word("'re") && is_stop_word("wouldn't") && !is_stop_word("cat"));
  EXPECT_TRUE(make("who was the").chunks[0].replaceable.empty());
  EXPECT_EQ(places(make("who was the", {.replaces_question_words = true}).chunks[0]),
            (std::vector<std::pair<int32_t, int32_t>>{{0, 0}}));
}

TEST(AugmentWords, ChunksAndTheCut) {
  const AugmentText text = make("cat sat unaffable dog house", {.max_chunk_words = 3, .max_chunk_pieces = 3});
  ASSERT_EQ(text.chunks.size(), 2u);
  // The truncation leaves one piece of un ##aff ##able, which is then predicted like a word of one piece.
  EXPECT_EQ(places(text.chunks[0]), (std::vector<std::pair<int32_t, int32_t>>{{0, 0}, {1, 1}, {2, 2}}));
  EXPECT_EQ(places(text.chunks[1]), (std::vector<std::pair<int32_t, int32_t>>{{3, 0}, {4, 1}}));
  EXPECT_EQ(make("cat sat dog", {.max_chunk_pieces = 2}).chunks[0].replaceable.size(), 2u);
  EXPECT_TRUE(make("").chunks.empty());
}

TEST(MaskedCopies, MaskedTextThenText) {
  const text::Tokenizer tokenizer = glue_tokenizer();
  const std::vector<int32_t> pieces{50, 60, 70};
  MaskedCopies copies(tokenizer, 8);
  copies.add(pieces, std::vector<int32_t>{1});
  data::Batch batch;
  copies.append(0, batch);
  // The vocabulary has [CLS] 2, [SEP] 3, [MASK] 4; 2 * 3 + 3 tokens are truncated to 8.
  EXPECT_EQ(batch.tokens.ids, (std::vector<int32_t>{2, 50, 4, 70, 3, 50, 60, 70}));
  EXPECT_EQ(batch.tokens.segments, (std::vector<int32_t>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(copies.places(0)[0], 2);
  EXPECT_EQ(copies.token_count(0), 8);
  MaskedCopies whole(tokenizer, 64);
  whole.add(pieces, std::vector<int32_t>{2});
  whole.add(pieces, std::vector<int32_t>{0, 2});
  EXPECT_EQ(whole.token_count(0), 9);
  EXPECT_EQ(whole.mask_count(), 3);
  EXPECT_EQ(whole.first_mask(1), 1);
  data::Batch two;
  whole.append(1, two);
  EXPECT_EQ(two.tokens.ids, (std::vector<int32_t>{2, 4, 60, 4, 3, 50, 60, 70, 3}));
}

const std::vector<std::string> kWords{"the", "cat", "sat", "here"};

std::vector<WordCandidates> two_candidates() { return {{1, {"dog", "hen"}}, {2, {"lay", "ran"}}}; }

TEST(Variants, TheTextFirstAndNoneTwice) {
  for (const uint64_t key : {1u, 2u, 3u}) {
    const auto variants = make_variants("The cat sat HERE", kWords, two_candidates(), {.passes = 30, .key = key});
    EXPECT_EQ(variants[0].text, "The cat sat HERE");
    ASSERT_LE(variants.size(), 9u);  // three words for cat and three for sat, without the original words
    std::set<std::string> texts;
    for (const Variant& variant : variants) texts.insert(variant.text);
    EXPECT_EQ(texts.size(), variants.size());
    EXPECT_FALSE(texts.contains("the cat sat here"));
  }
}

TEST(Variants, ProbabilityZeroChangesNothingAndOneEverything) {
  EXPECT_EQ(make_variants("The cat sat here", kWords, two_candidates(), {.probability = 0}).size(), 1u);
  const auto kept = make_variants("The cat sat HERE", kWords, two_candidates(),
                                  {.passes = 3, .probability = 0, .keeps_unchanged = true});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[1].text, "the cat sat here");
  const auto variants = make_variants("x", kWords, two_candidates(), {.passes = 200, .probability = 1});
  EXPECT_EQ(variants.size(), 5u);
  for (const Variant& variant : std::span(variants).subspan(1)) {
    EXPECT_EQ(variant.text.find("cat"), std::string::npos) << variant.text;
    EXPECT_EQ(variant.text.find("sat"), std::string::npos) << variant.text;
    EXPECT_EQ(variant.word_begins, (std::vector<int32_t>{0, 4, 8, 12}));
  }
}

TEST(Variants, ReplacementsComeAtTheirRate) {
  std::vector<std::string> words(5000, "word");
  std::vector<WordCandidates> candidates;
  for (int32_t i = 0; i < 5000; ++i) candidates.push_back({i, {"a", "b", "c", "d"}});
  const auto variants = make_variants("", words, candidates, {.passes = 1, .probability = 0.4, .key = 7});
  const auto count = [&](char c) { return std::count(variants[1].text.begin(), variants[1].text.end(), c); };
  for (const char c : {'a', 'b', 'c'}) EXPECT_NEAR(static_cast<double>(count(c)), 500, 80);  // 4 sigma
}

TEST(Variants, DrawsOfAWordDoNotDependOnOthers) {
  std::vector<std::string> changed;
  for (const auto& candidates : {two_candidates(), std::vector<WordCandidates>{two_candidates()[1]}}) {
    std::string third;
    for (const Variant& variant : make_variants("", kWords, candidates, {.passes = 1, .probability = 1, .key = 9}))
      if (!variant.word_begins.empty()) third = variant.text.substr(static_cast<size_t>(variant.word_begins[2]), 3);
    changed.push_back(third);
  }
  EXPECT_EQ(changed[0], changed[1]);
}

TEST(Variants, NoWordsGiveNoVariants) { EXPECT_EQ(make_variants("  ", {}, {}, {}).size(), 1u); }

TEST(Variants, LaterChunksOverwriteAsPublished) {
  std::vector<WordCandidates> candidates{{0, {"a"}}, {2, {"b"}}, {402, {"c"}}, {403, {"d"}}};
  overwrite_first_chunk(candidates, 400);
  ASSERT_EQ(candidates.size(), 3u);
  EXPECT_EQ(candidates[0].words[0], "a");
  EXPECT_EQ(candidates[1].word, 2);
  EXPECT_EQ(candidates[1].words[0], "c");
  EXPECT_EQ(candidates[2].word, 3);
}

}  // namespace
}  // namespace retort::augment
