// Reads the files of predictions and null odds that score_squad evaluates.
#pragma once

#include <filesystem>

#include "retort/metric/squad_score.h"

namespace retort::metric {

// Each file is one JSON object: id -> text, id -> number. Throws UserError that names the id of a value of another
// type.
Predictions read_predictions(const std::filesystem::path& path);
NullOdds read_null_odds(const std::filesystem::path& path);

}  // namespace retort::metric
