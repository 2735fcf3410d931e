// Decodes the lines of text that are the arguments of protocol 0 opcodes (pickle_machine.h). All functions throw
// UserError that names `subject` for a malformed line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// Throws UserError: "the pickle in `subject` must <must>; ...".
[[noreturn]] void throw_bad_pickle(const std::string& subject, const std::string& must);

// INT: decimal digits; the lines 00 and 01 are false and true.
PickleValue decode_int_line(std::string_view line, const std::string& subject);

// LONG: decimal digits with an optional L. An integer that needs more than 64 bits becomes opaque.
PickleValue decode_long_line(std::string_view line, const std::string& subject);

// STRING of Python 2: the text between the quotes. Escapes are not decoded: names of tensors need none.
std::string_view decode_string_line(std::string_view line, const std::string& subject);

// UNICODE: the text as UTF-8; empty when the line itself is that text. The pickle has each code point below 256 as one
// byte and all others as \uXXXX or \UXXXXXXXX.
std::optional<std::string> maybe_decode_unicode_line(std::string_view line, const std::string& subject);

// PUT and GET: the memo index in decimal digits.
size_t decode_memo_line(std::string_view line, const std::string& subject);

}  // namespace retort::checkpoint
