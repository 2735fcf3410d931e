// A model folder's tokenizer as plain values: the file readers produce it, Tokenizer is built from it, and it is saved
// again.
#pragma once

#include <map>
#include <string>
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

}  // namespace retort::text
