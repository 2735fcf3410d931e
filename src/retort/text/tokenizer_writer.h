// Writes a tokenizer's files so that `transformers` reads the same tokenizer from each of them: vocab.txt,
// added_tokens.json, tokenizer.json, tokenizer_config.json and special_tokens_map.json.
#pragma once

#include <filesystem>

#include "retort/text/tokenizer_definition.h"

namespace retort::text {

// Writes the files into an existing folder.
void write_tokenizer_files(const TokenizerDefinition& definition, const std::filesystem::path& folder);

}  // namespace retort::text
