// Reads the official TSV files. Columns are found by their names in the header, or by index if the header has other
// names, so a user's own files with the columns of a task work too.
#pragma once

#include <filesystem>

#include "retort/data/glue/glue_collector.h"

namespace retort::data {

// Reads a file into the collector.
void read_glue_tsv(const std::filesystem::path& path, GlueCollector& collector);

}  // namespace retort::data
