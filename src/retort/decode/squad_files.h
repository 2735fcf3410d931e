// The output files of SQuAD programs: predictions.json (id -> text), nbest_predictions.json (id -> list of text,
// probability, start_logit, end_logit) and, for v2.0, null_odds.json (id -> score difference). Byte-identical to
// Python's json.dumps(..., indent=4), so that files can be compared with `diff`.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "retort/data/squad/squad_data.h"
#include "retort/decode/squad_answers.h"

namespace retort::decode {

// Writes the files into the existing folder `folder`, each atomically; null_odds.json only with
// version_2_with_negative. `predictions` are in the order of data.examples.
void write_squad_files(const std::filesystem::path& folder, const data::SquadData& data,
                       std::span<const SquadPrediction> predictions, bool version_2_with_negative);

// Appends `text` as Python writes a JSON string: ASCII only, \uXXXX escapes, surrogate pairs.
void append_python_string(std::string_view text, std::string& out);
// Appends a finite number like Python's repr: the shortest digits that round-trip, 1.0, 1e-05, 1e+16.
void append_python_float(double value, std::string& out);

}  // namespace retort::decode
