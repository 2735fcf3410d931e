// Reads Parquet files into columns with the column readers of Arrow's parquet library. Arrow's own tables would decode
// every column whole, in the types that a file's Arrow schema names; here only the wanted leaves are read, in batches,
// with limited memory. Translates the library's errors.
#pragma once

#include "retort/data/table/table_reader.h"

namespace retort::data {

// Throws UserError for a damaged file, and in a build without RETORT_PARQUET.
Table read_parquet(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
