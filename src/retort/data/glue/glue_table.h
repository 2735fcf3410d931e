// Reads the hub's tables: columns `sentence`, or a pair such as `question1` and `question2`, with `label` and `idx`.
// Labels are names, or numbers in the hub's order, which for MNLI differs from that of the official processors.
#pragma once

#include <filesystem>

#include "retort/data/glue/glue_collector.h"

namespace retort::data {

// Reads a table into the collector.
void read_glue_table(const std::filesystem::path& path, GlueCollector& collector);

}  // namespace retort::data
