// Tokens that are found in the text as they stand, before words are made: [CLS], [MASK] and whatever a model adds.
// Matching is that of the `tokenizers` library: leftmost, then longest; options lstrip, rstrip and single_word.
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
  bool special = true;       // left out by decode
  bool single_word = false;  // not beside a word character
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space after it
  bool normalized = false;   // looked for in the normalized text instead of the raw one
  bool operator==(const AddedToken&) const = default;
};

// Finds the tokens of one kind (raw or normalized) in texts.
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  // `patterns[i]` is what to look for on behalf of `tokens[i]`; empty patterns never match, of equal ones the first
  // counts.
  AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& patterns);

  // The next token at or after byte `from`; parts before `taken` belong to the token found last. False: none left.
  struct Found {
    Range range;       // with the white space that lstrip and rstrip take
    int32_t next = 0;  // where the search goes on
    int32_t id = 0;
  };
  bool find(std::string_view text, int32_t from, int32_t taken, Found& found) const;
  bool is_empty() const { return tokens_.empty(); }

 private:
  size_t next_candidate(std::string_view text, size_t from) const;

  std::vector<AddedToken> tokens_;
  Trie patterns_;                              // -> index in tokens_
  std::array<bool, 256> begins_pattern_ = {};  // by first byte
  int only_first_byte_ = -1;                   // when all patterns begin alike
};

}  // namespace retort::text
