// Everything that a model folder says about its tokenizer, as plain values: what the readers of the file formats make
// and what Tokenizer is built from and saved as.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "retort/text/added_tokens.h"
#include "retort/text/normalizer.h"
#include "retort/text/tokenizer.h"

namespace retort::text {

struct TokenizerDefinition {
  std::string subject;                   // the file it came from, for messages
  std::vector<std::string> pieces = {};  // by id: the model's, then those that only added tokens bring
  size_t model_piece_count = 0;          // the first ones, which WordPiece may use
  std::vector<AddedToken> added_tokens = {};
  TokenizerOptions options;
  bool clean_text = true;  // only tokenizer.json can turn it off
  std::string continuation_prefix = "##";
  bool has_decoder = true;  // without one, decode joins the pieces with spaces
  std::string decoder_prefix = "##";
  bool decoder_cleanup = true;

  NormalizerOptions normalizer() const {
    return {clean_text, options.tokenize_chinese_chars, options.do_lower_case, options.strip_accents};
  }
};

// The pieces of a vocab.txt: one a line, its number the id. CRLF, a byte-order mark and blank lines at the end are
// tolerated. Throws UserError with file and line for text that is not UTF-8, a blank line inside, and duplicates.
std::vector<std::string> read_vocab_file(const std::filesystem::path& file);

// Throws UserError unless all pieces are valid and differ. Entry i is called "<subject> <unit> i + first".
struct PieceNaming {
  std::string subject, unit;
  size_t first = 0;
};
void check_pieces(const std::vector<std::string>& pieces, const PieceNaming& naming);

// Pieces and options alone, as vocab.txt has them; the special tokens in it become added tokens.
// Throws UserError when [UNK], [CLS] or [SEP] (by the names of the options) is missing.
TokenizerDefinition define_from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options,
                                           std::string subject);

// Options out of tokenizer_config.json and special_tokens_map.json where the folder has them, else the defaults.
TokenizerOptions read_tokenizer_options(const std::filesystem::path& folder);

// Reads tokenizer.json; `options` supplies what it does not say. False when its model is not WordPiece. Throws
// UserError for a normalizer, pre-tokenizer or decoder that is not BERT's, and for ids with gaps.
bool read_tokenizer_json(const std::filesystem::path& file, const TokenizerOptions& options,
                         TokenizerDefinition& definition);

// Throws UserError unless the vocabulary has the unknown, classification and separator tokens.
void check_special_tokens(const TokenizerDefinition& definition);

// Writes the four files into an existing folder.
void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder);

}  // namespace retort::text
