// Reads a SQuAD file into SquadData. The content, not the name, decides the format: official JSON (v1.1 and v2.0), the
// hub's flat table as JSON lines, or as Parquet. Every record is checked; errors name its place in the file
// (`data[3].paragraphs[2].qas[0].answers[0].answer_start`, or its line or row).
#pragma once

#include <filesystem>

#include "retort/data/bad_records.h"
#include "retort/data/squad/squad_data.h"

namespace retort::data {

struct SquadReadOptions {
  bool is_training = false;              // training questions need one answer at its offset
  bool version_2_with_negative = false;  // impossible questions are allowed
  OnBadRecord on_bad_record = OnBadRecord::kFail;
};

// Reads the whole file. Training: the first answer must be at its offset (code points). An answer that is neither there
// nor inside the words that its offset covers is skipped and counted, as in the reference procedure; bad records are
// offsets outside the context or counted in bytes or UTF-16 units, empty contexts or answers, repeated ids, and
// impossible questions without version_2_with_negative. Evaluation: all questions are kept and offsets are ignored.
// Impossible questions lose their answers. Throws UserError for unreadable, truncated or wrongly typed files, and for
// bad records under kFail.
SquadData read_squad(const std::filesystem::path& path, const SquadReadOptions& options);

}  // namespace retort::data
