// What holds for every tokenizer and every text.
#pragma once

#include <string_view>

#include "retort/text/tokenizer.h"

namespace retort::fuzz {

// Encodes and decodes `text`. Ids are of the vocabulary; offsets lie in the text, in order, and follow each other; an
// encoding that is appended is the same again.
void check_encoding(const text::Tokenizer& tokenizer, std::string_view text);

}  // namespace retort::fuzz
