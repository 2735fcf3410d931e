// Converts SQuAD questions to features in three passes: contexts (parallel), questions and windows (parallel), columns
// (serial copies). Steps and names follow the reference, but work that is the same for all questions of a paragraph is
// done once.
#pragma once

#include "retort/data/squad/squad_features.h"

namespace retort::data {

// Tokenizes in parallel; the result does not depend on the number of threads. With `is_training`, examples must have
// located answers (read_squad with is_training); answers whose words have no pieces are skipped.
SquadFeatures make_squad_features(const SquadData& data, const text::Tokenizer& tokenizer,
                                  const SquadFeatureOptions& options, bool is_training);

}  // namespace retort::data
