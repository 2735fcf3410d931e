// JSON has no word for NaN and infinity, and a log of a diverging run needs them. They are written as the strings that
// protobuf's JSON mapping chose, "NaN", "Infinity", "-Infinity"; pandas and JavaScript read them back as numbers.
#pragma once

#include <optional>

#include "retort/base/json.h"

namespace retort::train {

// A copy in which every not-finite number, at any depth, is such a string.
Json with_named_nonfinite(Json value);

// A number or one of the three strings; empty for anything else.
std::optional<double> maybe_number(const Json& value);

}  // namespace retort::train
