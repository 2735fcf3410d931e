// Makes variants of a text from the candidates of its words. Each draw is a function of (key, pass, word) and depends
// on no other draw.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::augment {

struct WordCandidates {
  int32_t word = 0;                          // index in the text
  std::vector<std::string_view> words = {};  // replacements; empty: the word itself
};

struct Variant {
  std::string text;
  std::vector<int32_t> word_begins = {};  // bytes; empty for the original text
};

struct VariantDraws {
  int64_t passes = 30;       // N
  double probability = 0.4;  // p, the probability that a word with candidates is replaced
  uint64_t key = 0;
  bool keeps_unchanged = false;  // a pass that replaces nothing is also a variant
};

// Returns the original text and the variant of each pass: the words joined by spaces, where each word that has
// candidates is replaced with the given probability by a uniformly drawn one. Repeated variants and those with no
// replaced word (unless they are kept) are omitted, so there are 1 to passes + 1 variants.
std::vector<Variant> make_variants(std::string_view original, std::span<const std::string> words,
                                   std::span<const WordCandidates> candidates, const VariantDraws& draws);

// Reproduces the published program for texts of several chunks: it replaces no words after the first chunk, and uses
// their candidates, which must be in the order of the words, for the words with the same index in the first chunk.
void overwrite_first_chunk(std::vector<WordCandidates>& candidates, int64_t chunk_words);

}  // namespace retort::augment
