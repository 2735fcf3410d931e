// Reads the hub's table: one record per question, with the columns id, context, question, answers.text and
// answers.answer_start (lists of equal length), as JSON lines or Parquet. An empty list marks an impossible question.
#pragma once

#include <filesystem>

#include "retort/data/squad/squad_collector.h"

namespace retort::data {

// Reads a table into the collector.
void read_squad_rows(const std::filesystem::path& path, SquadCollector& collector);

}  // namespace retort::data
