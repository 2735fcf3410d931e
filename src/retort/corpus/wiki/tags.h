// HTML-like tags and comments in wikitext: which of them vanish with what they hold, which only as markup.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

struct TagOptions {
  bool keep_links = false;   // <a> stays
  bool keep_tables = false;  // of table, tr, td, th and caption only the markup vanishes
};

// Removes comments, self-closing tags (ref, references, nowiki, ...) and the markup of formatting tags (b, span, ...).
// Where a line break (br, hr) or the border of a block (p, center, h1 to h4) keeps two words apart, a space comes in
// its place. An unclosed comment and `<` without a tag stay. Linear in the text.
std::string drop_markup(std::string_view text, const TagOptions& options);

// Removes elements with what they hold (gallery, table, ref, small, ...), one kind after the other; nested ones of one
// kind are matched as pairs, and of a tag without its partner the markup vanishes. Linear in the text.
std::string drop_elements(std::string text, const TagOptions& options);

// <syntaxhighlight ...>code</syntaxhighlight> -> code as character references, so that no later step sees tags in it.
std::string protect_code(std::string text);

// <math>...</math> -> formula_N, <code>...</code> -> codice_N; N counts the elements of a kind from 1, and an element
// that is there again keeps its first number.
std::string number_placeholders(std::string text);

}  // namespace retort::corpus
