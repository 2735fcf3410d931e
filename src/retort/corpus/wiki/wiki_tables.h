// Tables in wikitext, for --keep_tables: {| ... |} -> the text of its cells.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// Lines that begin, end or divide tables vanish; of a line with cells or a caption the text of the cells is left, with
// spaces between them, without their attributes. Other lines are unchanged.
std::string unwrap_tables(std::string_view text);

}  // namespace retort::corpus
