// Finds the words of a text that augmentation may replace and prepares the input of a masked language model: words in,
// chunks that fit the model out, each with its pieces and its replaceable words. Follows the data augmentation of
// TinyBERT (Jiao et al. 2020, algorithm 1).
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/text/basic_words.h"
#include "retort/text/tokenizer.h"

namespace retort::augment {

// Returns whether the word is one of NLTK's 179 English stop words, `'s` or `'re`.
bool is_stop_word(std::string_view word);

struct AugmentRules {
  int64_t max_chunk_words = 400;         // longer texts are split into chunks of this many words
  int64_t max_chunk_pieces = 510;        // per chunk; words after them are not replaced
  bool replaces_question_words = false;  // what, which, who, whom, when, where, why, how, which are stop words
};

// A word that may be replaced: only letters a to z, not a stop word, not on the black list.
struct ReplaceableWord {
  static constexpr int32_t kSeveralPieces = -1;
  int32_t word = 0;   // index in the text
  int32_t piece = 0;  // index in the chunk if the word is one piece; else kSeveralPieces
};

struct AugmentChunk {
  std::vector<int32_t> pieces;  // at most max_chunk_pieces, without [CLS] and [SEP]
  std::vector<ReplaceableWord> replaceable;
};

struct AugmentText {
  std::vector<std::string> words;
  std::vector<AugmentChunk> chunks;  // empty for a text without words
};

AugmentText make_augment_text(const std::vector<text::BasicWord>& words, const text::Tokenizer& tokenizer,
                              const AugmentRules& rules, const std::set<std::string>& black_list = {});

// Adds the replaceable words of several pieces to `words`.
void collect_words_of_several_pieces(const AugmentText& text, std::set<std::string>& words);

}  // namespace retort::augment
