// Opens token files for the recipes.
#pragma once

#include "retort/data/corpus/token_rows.h"
#include "retort/pretrained/model_folder.h"

namespace retort::task {

// Opens a token file, or the pickled corpus of the published program, which is imported once. Throws UserError when the
// file's vocabulary is not the model's.
std::shared_ptr<const data::TokenFile> open_corpus(const std::string& path, const pretrained::LoadedModel& loaded);

// Throws UserError when the model has fewer positions than `max_seq_length`.
void check_positions(const pretrained::LoadedModel& loaded, int64_t max_seq_length);

// Returns the rows of a file and logs how many sequences are omitted.
data::TokenRowSet make_token_rows(std::shared_ptr<const data::TokenFile> file, const data::TokenRowOptions& options,
                                  const std::string& path);

}  // namespace retort::task
