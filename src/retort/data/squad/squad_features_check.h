// Checks the columns of a feature cache before anything indexes with their values.
#pragma once

#include "retort/data/squad/squad_features.h"

namespace retort::data {

// Throws UserError, without a file's name, for columns out of a cache that these options and this tokenizer cannot
// have made, or not from `data` (null: unknown).
void check_squad_features(const ColumnStore& store, const text::Tokenizer& tokenizer,
                          const SquadFeatureOptions& options, const SquadData* data);

}  // namespace retort::data
