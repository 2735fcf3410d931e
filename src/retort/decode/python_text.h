// Strings with Python's semantics, for results whose published scores come from Python: code points, str.lower,
// str.split, \w of `re`, and BERT's basic tokenizer in its Python form (transformers 4.x), which answers are aligned
// with.
#pragma once

#include <string>
#include <string_view>

namespace retort::decode {

std::u32string to_code_points(std::string_view utf8);
std::string to_utf8(std::u32string_view text);

// str.lower of one code point, including the special case of two code points (U+0130). Only `lower_text` applies the
// context rule of the final sigma.
void append_lower(char32_t code_point, std::u32string& out);
std::u32string lower_text(std::u32string_view text);

// str.isspace.
bool is_space(char32_t code_point);

// \w: letters, numbers of any kind and the underscore; not combining marks.
bool is_word_character(char32_t code_point);

// The words of the basic tokenizer joined by single spaces: without control characters, ideographs and punctuation as
// separate words, NFC, and with `do_lower_case` lower case without accents. Lowers each character by itself, as in the
// WordPiece vocabulary lookup.
std::u32string basic_tokens(std::u32string_view text, bool do_lower_case);

}  // namespace retort::decode
