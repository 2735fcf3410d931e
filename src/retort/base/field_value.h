// Sets one configuration field from command-line words or JSON, and formats it. Each function returns the problem it
// found, "" for none, so that the caller can report all problems of a command line together. Internal to base; other
// folders use fields.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/base/fields.h"

namespace retort {

// True for bool fields, which need no value, and for list fields, which may take several words.
bool is_bool(const Field& field);
bool is_list(const Field& field);

// Returns whether the word is one of true, false, 1, 0, yes, no; sets `value` only then.
bool read_bool(std::string_view word, bool& value);

// Checks the words after the flag and sets the field; lists split words at commas. The problem reads
// "must be ..., but is ..."; the field then keeps its value.
std::string set_field_from_words(Field& field, const std::vector<std::string>& words);

// Sets the field from JSON; null leaves it unchanged.
std::string set_field_from_json(Field& field, const Json& value);

Json field_to_json(const Field& field);

// The value as a user types it: `3e-05`, `true`, `a,b`; "" for an empty string or list.
std::string field_to_text(const Field& field);

// "INT", "FLOAT", "TEXT", "INT,...", "TEXT,..."; "" for bool.
std::string field_kind(const Field& field);

// "at least 1", "between 0 and 1", "one of a, b"; "" without limits.
std::string field_limits(const FieldSpec& spec);

}  // namespace retort
