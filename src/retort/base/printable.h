// Makes untrusted text (file names, values from files, messages of libraries) safe to print on a terminal or to log.
#pragma once

#include <string>
#include <string_view>

namespace retort {

// Returns `text` as one line of valid UTF-8 without control sequences: control characters, bidirectional marks and
// bytes that are not UTF-8 become \n, \t, \x1b, \u202e, \xff. A value of more than 500 bytes between backticks or
// double quotes, and a line of more than 8000 bytes, are shortened in the middle; the text shows how many bytes are
// left out.
std::string printable_line(std::string_view text);

}  // namespace retort
