// Reads JSON lines into columns. The texts are copied from the parser's buffer, which is reused for each line, into an
// arena that the table owns.
#pragma once

#include "retort/data/table/table_reader.h"

namespace retort::data {

// Reads a JSON lines file. Throws UserError with line and field.
Table read_json_lines(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
