// Texts as Python sees them, for programs whose published scores come from Python: code points, str.lower, str.split,
// \w of its regular expressions, and the "basic tokenizer" of BERT in its Python form (transformers 4.x), which answers
// are aligned with.
#pragma once

#include <string>
#include <string_view>

namespace retort::decode {

std::u32string to_code_points(std::string_view utf8);
std::string to_utf8(std::u32string_view text);

// str.lower of one code point, with the one special case of two (U+0130). The context rule for the final sigma is
// applied by `lower_text` only.
void append_lower(char32_t code_point, std::u32string& out);
std::u32string lower_text(std::u32string_view text);

// str.isspace.
bool is_space(char32_t code_point);

// \w: letters, numbers of any kind and the underscore; not combining marks.
bool is_word_character(char32_t code_point);

// The words of the basic tokenizer joined by one space: control characters dropped, ideographs and punctuation alone,
// NFC, and with `do_lower_case` lower case without accents. Lowers each character by itself, as the WordPiece
// vocabulary was looked up.
std::u32string basic_tokens(std::u32string_view text, bool do_lower_case);

}  // namespace retort::decode
