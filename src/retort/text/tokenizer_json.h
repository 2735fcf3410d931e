// Reads tokenizer.json, the format of the `tokenizers` library.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "retort/text/tokenizer_definition.h"

namespace retort::text {

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

}  // namespace retort::text
