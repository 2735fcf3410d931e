// Fields as text: --help, the Markdown reference, and suggestions for misspelled names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "retort/base/fields.h"

namespace retort {

// Text for --help: groups, names, defaults, units, ranges, help, aliases; lines at most 100 columns.
std::string fields_help(const FieldList& list);

// A Markdown table per group, for docs/reference. Defaults are the current values of the fields.
std::string fields_markdown(const FieldList& list);

// The candidate with the smallest edit distance to `word`, or "" when none is near (distance > 1 + length/3).
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace retort
