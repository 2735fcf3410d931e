// The value of one configuration field from words or from JSON, and back. Each function answers with the problem it
// met, "" when there is none, so that the caller can collect all problems of a command line. Not for other folders;
// they use fields.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/base/fields.h"

namespace retort {

// True for bool fields, which may stand without a value, and for lists, which may take several words.
bool is_bool(const Field& field);
bool is_list(const Field& field);

// Whether the word is one of true, false, 1, 0, yes, no; `value` is set only then.
bool read_bool(std::string_view word, bool& value);

// Sets the field from the words that followed its flag and checks them; lists split words at commas. A problem reads
// "must be ..., but is ...", and the field then keeps its value.
std::string set_field_from_words(Field& field, const std::vector<std::string>& words);

// The same from JSON; null leaves the field as it is.
std::string set_field_from_json(Field& field, const Json& value);

Json field_to_json(const Field& field);

// The value as one would type it: `3e-05`, `true`, `a,b`; "" for an empty text or list.
std::string field_to_text(const Field& field);

// "INT", "FLOAT", "TEXT", "INT,...", "TEXT,..."; "" for bool.
std::string field_kind(const Field& field);

// "at least 1", "between 0 and 1", "one of a, b"; "" when every value is allowed.
std::string field_limits(const FieldSpec& spec);

}  // namespace retort
