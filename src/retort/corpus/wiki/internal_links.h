// [[target|label]]trail -> label and trail; files, categories and interlanguage links vanish.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// Links are matched like balanced brackets; a link in a label is replaced too, however deep. The label is what follows
// the first `|`, or the last `|` before a link in the label (captions); without `|` it is the target. A link whose
// target has a prefix before `:` other than w, wiktionary, wikt is removed with its label. With `keep_links`, a link
// becomes <a href="target">label</a>. Linear in the text.
std::string replace_internal_links(std::string_view text, bool keep_links);

// The bytes of a target or address outside letters, digits and _.-~/ as %XX.
std::string percent_encoded(std::string_view address);

}  // namespace retort::corpus
