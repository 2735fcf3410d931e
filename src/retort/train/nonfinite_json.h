// JSON has no literal for NaN and infinity, and a log of a diverging run needs them. They are written as the strings of
// protobuf's JSON mapping, "NaN", "Infinity", "-Infinity"; pandas and JavaScript read them back as numbers.
#pragma once

#include <optional>

#include "retort/base/json.h"

namespace retort::train {

// Copies the value; every not-finite number in it, at any depth, becomes such a string.
Json with_named_nonfinite(Json value);

// Reads a number or one of the three strings; empty for anything else.
std::optional<double> maybe_number(const Json& value);

}  // namespace retort::train
