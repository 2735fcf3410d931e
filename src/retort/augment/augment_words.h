// Which words of a text augmentation may replace, and what a masked language model has to be asked for that: the text
// goes in as words, and comes out in chunks that a model takes, each with its pieces and the words to replace. After
// the data augmentation of TinyBERT (Jiao et al. 2020, algorithm 1).
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

// One of NLTK's 179 English stop words, or `'s` or `'re`.
bool is_stop_word(std::string_view word);

struct AugmentRules {
  int64_t max_chunk_words = 400;         // longer texts are seen in pieces of so many words
  int64_t max_chunk_pieces = 510;        // of a chunk; words behind them are left alone
  bool replaces_question_words = false;  // what, which, who, whom, when, where, why, how: stop words all the same
};

// A word that may be replaced: letters a to z only, no stop word, not on the black list.
struct ReplaceableWord {
  static constexpr int32_t kSeveralPieces = -1;
  int32_t word = 0;   // of the text
  int32_t piece = 0;  // of the chunk, when the word is one piece; else kSeveralPieces
};

struct AugmentChunk {
  std::vector<int32_t> pieces;  // at most max_chunk_pieces, without [CLS] and [SEP]
  std::vector<ReplaceableWord> replaceable;
};

struct AugmentText {
  std::vector<std::string> words;
  std::vector<AugmentChunk> chunks;  // none for a text without words
};

AugmentText make_augment_text(const std::vector<text::BasicWord>& words, const text::Tokenizer& tokenizer,
                              const AugmentRules& rules, const std::set<std::string>& black_list = {});

// The words of several pieces that may be replaced, added to `words`.
void collect_words_of_several_pieces(const AugmentText& text, std::set<std::string>& words);

}  // namespace retort::augment
