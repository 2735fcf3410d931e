// Reads a SQuAD file into SquadData. The form is found by content, not by name: the official JSON (v1.1 and v2.0), the
// hub's flat rows as JSON lines, and the same rows as Parquet. Every record is checked, and a wrong one is named by
// its place in the file (`data[3].paragraphs[2].qas[0].answers[0].answer_start`, or its line or row).
#pragma once

#include <filesystem>

#include "retort/data/bad_records.h"
#include "retort/data/squad/squad_data.h"

namespace retort::data {

struct SquadReadOptions {
  bool is_training = false;              // training questions need one answer that stands where the file says
  bool version_2_with_negative = false;  // impossible questions are allowed
  OnBadRecord on_bad_record = OnBadRecord::kFail;
};

// Reads the whole file. Training: the first answer must stand at its offset (code points). An answer that is not
// there, nor inside the words that its offset covers, is left out and counted, as the reference procedure does;
// an offset outside the context or one counted in bytes or UTF-16 units, an empty context or answer, an id that
// occurs twice, and an impossible question without version_2_with_negative are bad records. Evaluation: every
// question is kept and offsets are not looked at. Impossible questions lose their answers.
// Throws UserError for unreadable, truncated or wrongly typed files, and for bad records under kFail.
SquadData read_squad(const std::filesystem::path& path, const SquadReadOptions& options);

}  // namespace retort::data
