// Characters and lines that carry markup habits rather than language: runs of spaces and dots, << and >>, lines without
// a word.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// << and >> become guillemets, a tab a space, a run of spaces one space, four or more dots three; then lines that hold
// no word character vanish, `,,` becomes `,` and `,.` becomes `.`. Linear in the text.
std::string tidy_typography(std::string text);

// Removes switches of the form __NAME__ (capital letters).
std::string drop_behavior_switches(std::string text);

}  // namespace retort::corpus
