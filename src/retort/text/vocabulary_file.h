// vocab.txt, and the checks of every vocabulary.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "retort/text/tokenizer_definition.h"

namespace retort::text {

// The ids of the model's pieces; for a piece in several lines the last id. Includes blank pieces.
using PieceIds = std::unordered_map<std::string_view, int32_t>;
PieceIds ids_of_pieces(const TokenizerDefinition& definition);

// The pieces that WordPiece searches, by id: "" when a later piece is equal.
std::vector<std::string> searched_pieces(const TokenizerDefinition& definition);

// Reads vocab.txt: one piece per line, the line number is the id, trailing white space is removed, like the
// `tokenizers` library. Keeps blank lines and repeated pieces, with one warning that counts them. Removes a byte order
// mark. Throws UserError with file and line for text that is not UTF-8.
std::vector<std::string> read_vocab_file(const std::filesystem::path& file);

// Throws UserError unless there are pieces, not too many, all valid UTF-8. Messages call entry i
// "<subject> <unit> i + first".
struct PieceNaming {
  std::string subject, unit;
  size_t first = 0;
};
void check_pieces(const std::vector<std::string>& pieces, const PieceNaming& naming);

// Removes blank lines at the end, which no text encodes to.
void drop_blank_end(TokenizerDefinition& definition);

// Only pieces and options, as vocab.txt has them; its special tokens become added tokens.
// Throws UserError when [UNK], [CLS] or [SEP] (under the names in the options) is missing.
TokenizerDefinition define_from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options,
                                           std::string subject);

// Throws UserError when the vocabulary lacks the unknown, classification or separator token.
void check_special_tokens(const TokenizerDefinition& definition);

}  // namespace retort::text
