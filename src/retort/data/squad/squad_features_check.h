// Checks the columns of a feature cache before their values are used as indexes.
#pragma once

#include "retort/data/squad/squad_features.h"

namespace retort::data {

// Throws UserError, without the file's name, for cached columns that do not fit these options, this tokenizer or `data`
// (null: unknown).
void check_squad_features(const ColumnStore& store, const text::Tokenizer& tokenizer,
                          const SquadFeatureOptions& options, const SquadData* data);

}  // namespace retort::data
