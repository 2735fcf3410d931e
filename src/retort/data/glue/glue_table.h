// The hub's form: columns `sentence`, or a pair such as `question1` and `question2`, with `label` and `idx`. Labels are
// numbers in the hub's order, which for MNLI is not the order of the official processors, or names.
#pragma once

#include <filesystem>

#include "retort/data/glue/glue_collector.h"

namespace retort::data {

// Reads a file of this form into the collector.
void read_glue_table(const std::filesystem::path& path, GlueCollector& collector);

}  // namespace retort::data
