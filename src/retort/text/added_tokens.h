// Added tokens, which are found in the text before it is split into words: [CLS], [MASK] and the tokens that a model
// adds. Matching is that of the `tokenizers` library: leftmost, then longest; options lstrip, rstrip and single_word.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"
#include "retort/text/trie.h"

namespace retort::text {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = true;       // decode can skip it
  bool single_word = false;  // matches only between non-word characters
  bool lstrip = false;       // includes the white space before it
  bool rstrip = false;       // includes the white space after it
  bool normalized = false;   // matched in the normalized text instead of the raw text
  bool operator==(const AddedToken&) const = default;
};

// Finds tokens of one kind (raw or normalized) in text.
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  // `patterns[i]` is the string to find for `tokens[i]`. Empty patterns never match; of equal patterns the first
  // counts.
  AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& patterns);

  // The next token at or after byte `from`; bytes before `taken` belong to the previous token. False: no more tokens.
  struct Found {
    Range range;       // including the white space of lstrip and rstrip
    int32_t next = 0;  // where the search continues
    int32_t id = 0;
  };
  bool find(std::string_view text, int32_t from, int32_t taken, Found& found) const;
  bool is_empty() const { return tokens_.empty(); }

 private:
  size_t next_candidate(std::string_view text, size_t from) const;

  std::vector<AddedToken> tokens_;
  Trie patterns_;                              // -> index in tokens_
  std::array<bool, 256> begins_pattern_ = {};  // by first byte
  int only_first_byte_ = -1;                   // when all patterns begin with the same byte
};

}  // namespace retort::text
