// Reads a model folder's tokenizer from all its files.
#pragma once

#include <filesystem>
#include <optional>

#include "retort/text/tokenizer_definition.h"

namespace retort::text {

// Combines all files of a folder, as Tokenizer::load describes.
TokenizerDefinition read_tokenizer_folder(const std::filesystem::path& folder, std::optional<bool> do_lower_case);

}  // namespace retort::text
