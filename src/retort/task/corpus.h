// Token files as the recipes read them.
#pragma once

#include "retort/data/corpus/token_rows.h"
#include "retort/pretrained/model_folder.h"

namespace retort::task {

// Throws UserError when the file was made with another vocabulary than the model's.
std::shared_ptr<const data::TokenFile> open_corpus(const std::string& path, const pretrained::LoadedModel& loaded);

// Throws UserError when sequences of so many tokens are longer than the model takes.
void check_positions(const pretrained::LoadedModel& loaded, int64_t max_seq_length);

// The rows of a file, with a log line about what is left out.
data::TokenRowSet make_token_rows(std::shared_ptr<const data::TokenFile> file, const data::TokenRowOptions& options,
                                  const std::string& path);

}  // namespace retort::task
