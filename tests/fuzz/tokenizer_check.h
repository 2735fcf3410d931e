// Properties of every tokenizer with every text.
#pragma once

#include <string_view>

#include "retort/text/tokenizer.h"

namespace retort::fuzz {

// Encodes and decodes `text`. Checks that ids are in the vocabulary, that offsets lie in the text and are in order, and
// that an appended encoding equals the first.
void check_encoding(const text::Tokenizer& tokenizer, std::string_view text);

}  // namespace retort::fuzz
