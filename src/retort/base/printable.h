// Text of others on its way to a terminal or a log: file names, values from files, messages of libraries.
#pragma once

#include <string>
#include <string_view>

namespace retort {

// `text` as one line of valid UTF-8 that moves no cursor and hides nothing: control characters, marks that turn the
// direction of writing and bytes that are not UTF-8 appear as \n, \t, \x1b, \u202e, \xff. A value between backticks
// or double quotes of more than 500 bytes, and a line of more than 8000, lose their middle, with its length in its
// place.
std::string printable_line(std::string_view text);

}  // namespace retort
