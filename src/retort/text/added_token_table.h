// Collects a tokenizer's added tokens from its files by the rules of the `tokenizers` library: a token in the
// vocabulary keeps its id; any other gets the next free id in the order of adding, whatever id the file gives it; a
// token that is added again gets the new flags.
#pragma once

#include <string>
#include <vector>

#include "retort/text/vocabulary_file.h"

namespace retort::text {

class AddedTokenTable {
 public:
  // `definition.pieces` must not change until `finish`.
  explicit AddedTokenTable(TokenizerDefinition& definition);

  // Adds `token` and sets its id. Ignores empty tokens.
  void add(AddedToken token);
  const AddedToken* find(const std::string& content) const;
  // Adds the tokens and their pieces to the definition.
  void finish();

 private:
  int32_t next_id() const;

  TokenizerDefinition& definition_;
  PieceIds ids_;
  int32_t piece_count_;  // number of different pieces
  std::vector<AddedToken> tokens_;
};

}  // namespace retort::text
