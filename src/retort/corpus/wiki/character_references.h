// &name; &#number; &#xnumber; -> the character.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// Replaces every reference once: the names are those of HTML 4.01; numbers from U+10000 on, surrogates and zero vanish.
// What is no reference stays. Linear in the text.
std::string decode_character_references(std::string text);

// & < > " as references, so that one decoding gives back the text.
std::string escape_markup(std::string_view text);

}  // namespace retort::corpus
