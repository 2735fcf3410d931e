// Marks of bold and italic text, '' to ''''': bold ones vanish, italic text is put between double quotes, doubled
// quotes become one, and what is left without its partner vanishes or becomes a quote.
#pragma once

#include <string>

namespace retort::corpus {

// In the published extractor's order: bold italic, bold, italic, doubled quotes (each within one line), residues. What
// is quoted and italic gets both kinds of quotes, which are then doubled ones. Linear in the text.
std::string replace_quote_marks(std::string text);

}  // namespace retort::corpus
