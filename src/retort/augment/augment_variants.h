// Variants of a text out of the candidates of its words. Every draw is a function of (key, pass, word), so nothing
// depends on what was drawn before.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::augment {

struct WordCandidates {
  int32_t word = 0;                          // of the text
  std::vector<std::string_view> words = {};  // what may stand in its place; none: the word itself
};

struct Variant {
  std::string text;
  std::vector<int32_t> word_begins = {};  // bytes; empty for the text as it was given
};

struct VariantDraws {
  int64_t passes = 30;       // N
  double probability = 0.4;  // p, that a word with candidates is replaced
  uint64_t key = 0;
  bool keeps_unchanged = false;  // a pass that replaces nothing is a variant too
};

// The text as it was given, then for each pass the words joined by one space, some of them replaced: for every word
// with candidates one is drawn, evenly, and put in place with the given probability. Words that are there already, or
// are still those of the text (unless they are to be kept), are left out, so there are 1 to passes + 1 variants.
std::vector<Variant> make_variants(std::string_view original, std::span<const std::string> words,
                                   std::span<const WordCandidates> candidates, const VariantDraws& draws);

// What the published program does with texts of several chunks: words behind the first chunk are never replaced, and
// their candidates, which must be in the order of the words, take the place of those of the word with the same number
// in the first chunk.
void overwrite_first_chunk(std::vector<WordCandidates>& candidates, int64_t chunk_words);

}  // namespace retort::augment
