// JSON lines -> columns. The texts are copied out of the parser, which is used again for every line, into an arena
// that the table owns.
#pragma once

#include "retort/data/table/table_reader.h"

namespace retort::data {

// Reads a file of JSON lines. Throws UserError with the line and the field.
Table read_json_lines(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
