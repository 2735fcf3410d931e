// BERT's basic tokenizer: splits text into normalized words. For data augmentation, which works on words; features use
// Tokenizer, which needs no string per word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"

namespace retort::text {

struct BasicWord {
  std::string text;  // normalized: lower case and without accents if the options say so; not empty, without spaces
  Range source;      // bytes of the original text
};

// The words in order: without control characters, Chinese characters and punctuation as separate words, the rest split
// at white space. Encoding each word gives the ids of the whole text, except for special tokens in the text, which are
// ordinary words here ("[MASK]" is three words).
std::vector<BasicWord> basic_words(std::string_view text, const TokenizerOptions& options);

// The words joined by single spaces.
std::string join_words(const std::vector<BasicWord>& words);

}  // namespace retort::text
