// Everything that a model folder says about its tokenizer, as plain values: what the readers of the file formats make
// and what Tokenizer is built from and saved as.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "retort/base/json.h"
#include "retort/text/added_tokens.h"
#include "retort/text/normalizer.h"
#include "retort/text/tokenizer.h"

namespace retort::text {

struct TokenizerDefinition {
  std::string subject;  // the file it came from, for messages
  std::vector<std::string> pieces =
      {};                        // by id: the model's, then those that only added tokens bring; "" where none is
  size_t model_piece_count = 0;  // the first ones, which WordPiece may use
  std::map<int32_t, std::string> covered_pieces = {};  // pieces of the model whose id an added token has too
  std::vector<AddedToken> added_tokens = {};           // by id
  TokenizerOptions options;
  bool clean_text = true;  // only tokenizer.json can turn it off
  std::string continuation_prefix = "##";
  bool has_decoder = true;  // without one, decode joins the pieces with spaces
  std::string decoder_prefix = "##";
  bool decoder_cleanup = true;
  Json config = Json::object();  // tokenizer_config.json and special_tokens_map.json as they came: a saved folder keeps
  Json names = Json::object();   // the keys that mean nothing here

  NormalizerOptions normalizer() const {
    return {clean_text, options.tokenize_chinese_chars, options.do_lower_case, options.strip_accents};
  }
  const std::string& model_piece(int32_t id) const {
    const auto covered = covered_pieces.find(id);
    return covered == covered_pieces.end() ? pieces[static_cast<size_t>(id)] : covered->second;
  }
};

// The ids of the model's pieces; of a piece that stands in several lines the last one. A blank piece counts.
using PieceIds = std::unordered_map<std::string_view, int32_t>;
PieceIds ids_of_pieces(const TokenizerDefinition& definition);

// The pieces that WordPiece looks for, by id: "" for those that an equal one follows.
std::vector<std::string> searched_pieces(const TokenizerDefinition& definition);

// The pieces of a vocab.txt: one a line, its number the id, white space at the end of a line cut off, as the
// `tokenizers` library reads it. Blank lines and repeated pieces stay, and one warning counts them. A byte-order mark
// is dropped. Throws UserError with file and line for text that is not UTF-8.
std::vector<std::string> read_vocab_file(const std::filesystem::path& file);

// Throws UserError unless there are pieces, not too many, all valid UTF-8. Entry i is called "<subject> <unit> i +
// first".
struct PieceNaming {
  std::string subject, unit;
  size_t first = 0;
};
void check_pieces(const std::vector<std::string>& pieces, const PieceNaming& naming);

// Takes blank lines off the end, to which no text leads.
void drop_blank_end(TokenizerDefinition& definition);

// Pieces and options alone, as vocab.txt has them; the special tokens in it become added tokens.
// Throws UserError when [UNK], [CLS] or [SEP] (by the names of the options) is missing.
TokenizerDefinition define_from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options,
                                           std::string subject);

// Everything that the files of a folder say, as Tokenizer::load describes it.
TokenizerDefinition read_tokenizer_folder(const std::filesystem::path& folder, std::optional<bool> do_lower_case);

// What tokenizer.json alone says. `definition.added_tokens` has the ids and the order of the file; `definition.pieces`
// only those of the model.
struct TokenizerJson {
  TokenizerDefinition definition;
  bool has_post_processor = false;
  std::vector<std::string> framing_tokens = {};  // that the post-processor puts around a text, in order
};
// False when its model is not WordPiece. Throws UserError for a normalizer, pre-tokenizer, decoder or post-processor
// that is not BERT's.
bool read_tokenizer_json(const std::filesystem::path& file, TokenizerJson& content);

// Throws UserError unless the vocabulary has the unknown, classification and separator tokens.
void check_special_tokens(const TokenizerDefinition& definition);

// Writes the files into an existing folder.
void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder);

}  // namespace retort::text
