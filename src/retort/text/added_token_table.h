// The added tokens of a tokenizer while its files are read, with the rules of the `tokenizers` library: a token that is
// in the vocabulary keeps that id, any other takes the next free one in the order of adding, whatever id a file gives
// it; a token that is added again takes the new flags.
#pragma once

#include <string>
#include <vector>

#include "retort/text/tokenizer_definition.h"

namespace retort::text {

class AddedTokenTable {
 public:
  // The definition's pieces must stay as they are until `finish`.
  explicit AddedTokenTable(TokenizerDefinition& definition);

  // Adds `token`, whose id is set here. Empty ones are passed over.
  void add(AddedToken token);
  const AddedToken* find(const std::string& content) const;
  // Puts the tokens into the definition, and their pieces.
  void finish();

 private:
  int32_t next_id() const;

  TokenizerDefinition& definition_;
  PieceIds ids_;
  int32_t piece_count_;  // different ones
  std::vector<AddedToken> tokens_;
};

}  // namespace retort::text
