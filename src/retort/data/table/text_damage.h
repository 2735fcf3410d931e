// Finds bytes that are not UTF-8, for the readers of text files and tables.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace retort::data {

// Returns whether the text is UTF-8; checks many bytes per cycle.
bool is_utf8(std::string_view text);

// Returns the byte offset of the first ill-formed sequence; the text's size when there is none.
size_t find_broken_byte(std::string_view text);

// Returns why these bytes are not text, with the byte from 1: "must be UTF-8 text, but is broken at byte 7", "must be
// text, but has a NUL byte at byte 2"; empty for UTF-8 without NUL bytes.
std::optional<std::string> maybe_text_damage(std::string_view text);

}  // namespace retort::data
