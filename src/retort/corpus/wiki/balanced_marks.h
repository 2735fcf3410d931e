// Pairs of opening and closing marks that nest, such as {{ }}, {| |}, [[ ]], in one pass with a stack. A mark without
// its partner stays in the text: whoever forgets one loses that mark, not the article.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {

// From the opening mark to the end of its closing mark, in the order of the opening marks; pairs nest or are disjoint.
std::vector<ByteRange> find_balanced(std::string_view text, std::string_view open, std::string_view close);

// The pairs that lie in no other, in order.
std::vector<ByteRange> find_outermost(std::string_view text, std::string_view open, std::string_view close);

// The text without balanced pairs and what they hold.
std::string drop_balanced(std::string text, std::string_view open, std::string_view close);

}  // namespace retort::corpus
