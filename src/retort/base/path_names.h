// The names that users know local copies by: a fetched object or a mirrored folder is shown under its URL in settings,
// results and messages.
#pragma once

#include <string>

#include "retort/base/json.h"

namespace retort {

// From now on `path`, and what lies below it, is shown as `name`.
void name_path(const std::string& path, const std::string& name);

// From now on every path is shown as it is.
void forget_path_names();

// Replaces the paths in a text, or in all strings of a JSON value, by their names.
std::string with_path_names(std::string text);
Json with_path_names(Json value);

}  // namespace retort
