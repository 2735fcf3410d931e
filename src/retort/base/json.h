// JSON values that keep the order of their keys; reads and writes JSON files.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace retort {

using Json = nlohmann::ordered_json;

// Whether `// ...` and `/* ... */` comments are errors (data files) or skipped (configuration files).
enum class JsonComments { kRefuse, kSkip };

// Parses text; throws UserError that names `subject` (a path or flag), line and column. Nesting is limited to 256.
Json parse_json(std::string_view text, const std::string& subject, JsonComments comments = JsonComments::kRefuse);
Json read_json_file(const std::filesystem::path& path, JsonComments comments = JsonComments::kRefuse);

// Writes atomically with the given indent (-1: one line) and a final newline; replaces invalid UTF-8 by U+FFFD.
void write_json_file(const std::filesystem::path& path, const Json& value, int indent = 2);

}  // namespace retort
