// Parquet -> columns, through the column readers of Arrow's parquet library, not through Arrow's tables: those decode
// every column whole, in the types that a file's own Arrow schema names. Here the wanted leaves are read alone, in
// batches, and what a file may make of its size is limited. Translates the library's errors.
#pragma once

#include "retort/data/table/table_reader.h"

namespace retort::data {

// Reads a Parquet file. Throws UserError for a broken file, and in a build without RETORT_PARQUET.
Table read_parquet(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
