// The words that stand between a text and WordPiece: the basic tokenizer of BERT. For data that is made word by word;
// features take the Tokenizer, which never makes strings of words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"

namespace retort::text {

struct BasicWord {
  std::string text;  // normalized: lower case and without accents where the options say so; not empty, without spaces
  Range source;      // bytes of the text that it was made from
};

// Words in their order: control characters dropped, Chinese characters and punctuation alone, the rest split at white
// space. Encoding each word gives the ids of the whole text, but for special tokens written in it, which are words like
// any others here ("[MASK]" is three).
std::vector<BasicWord> basic_words(std::string_view text, const TokenizerOptions& options);

// Their texts with one space between.
std::string join_words(const std::vector<BasicWord>& words);

}  // namespace retort::text
