// Fields as JSON, for programs that make settings: names, kinds, ranges, choices, defaults.
#pragma once

#include "retort/base/fields.h"

namespace retort {

// One object for each field, in their order: "name", "kind" (bool, int, float, text, texts, ints), "default" (the
// current value), "help"; where they are set also "group", "unit", "min", "max", "all", "choices", "aliases",
// "required".
Json fields_schema(const FieldList& list);

}  // namespace retort
