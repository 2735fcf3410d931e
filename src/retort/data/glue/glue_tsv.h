// The official form. Columns are found by their names in the header, and by their places when the header has other
// names, so that files of one's own in the layout of a task work too.
#pragma once

#include <filesystem>

#include "retort/data/glue/glue_collector.h"

namespace retort::data {

// Reads a file of this form into the collector.
void read_glue_tsv(const std::filesystem::path& path, GlueCollector& collector);

}  // namespace retort::data
