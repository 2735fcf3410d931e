// A model folder's tokenizer as plain values: the file readers produce it, Tokenizer is built from it, and it is saved
// again.
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
  std::string subject;                   // the file, for messages
  std::vector<std::string> pieces = {};  // by id: the model's pieces, then those of added tokens; "" for unused ids
  size_t model_piece_count = 0;          // the pieces at the beginning that WordPiece may use
  std::map<int32_t, std::string> covered_pieces = {};  // pieces of the model whose id an added token has too
  std::vector<AddedToken> added_tokens = {};           // by id
  TokenizerOptions options;
  bool clean_text = true;  // only tokenizer.json can set it to false
  std::string continuation_prefix = "##";
  bool has_decoder = true;  // false: decode joins the pieces with spaces
  std::string decoder_prefix = "##";
  bool decoder_cleanup = true;
  Json config = Json::object();  // tokenizer_config.json and special_tokens_map.json as read: saving keeps their
  Json names = Json::object();   // unknown keys

  NormalizerOptions normalizer() const {
    return {clean_text, options.tokenize_chinese_chars, options.do_lower_case, options.strip_accents};
  }
  const std::string& model_piece(int32_t id) const {
    const auto covered = covered_pieces.find(id);
    return covered == covered_pieces.end() ? pieces[static_cast<size_t>(id)] : covered->second;
  }
};

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

// Combines all files of a folder, as Tokenizer::load describes.
TokenizerDefinition read_tokenizer_folder(const std::filesystem::path& folder, std::optional<bool> do_lower_case);

// The content of tokenizer.json only. `definition.added_tokens` have the ids and the order of the file;
// `definition.pieces` are only those of the model.
struct TokenizerJson {
  TokenizerDefinition definition;
  bool has_post_processor = false;
  std::vector<std::string> framing_tokens = {};  // the tokens that the post-processor adds, in order
};
// Returns false when its model is not WordPiece. Throws UserError for a normalizer, pre-tokenizer, decoder or
// post-processor that is not BERT's.
bool read_tokenizer_json(const std::filesystem::path& file, TokenizerJson& content);

// Throws UserError when the vocabulary lacks the unknown, classification or separator token.
void check_special_tokens(const TokenizerDefinition& definition);

// Writes the files into an existing folder.
void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder);

}  // namespace retort::text
