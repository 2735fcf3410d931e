// Tables of either form, for the targets of both.
#pragma once

#include <filesystem>

#include "retort/data/table_reader.h"

namespace retort::fuzz {

// Reads every value; columns of a known kind have as many as their rows say.
void check_table(const data::Table& table);

}  // namespace retort::fuzz
