// What a user's folder holds, in small: models and data files for commands that are run as they are written.
#pragma once

#include "recipe/tiny_world.h"

namespace retort::program {

// As many heads as MiniLM-L6; random weights over the small world's vocabulary.
void make_model(const fs::path& folder, model::Head head, int64_t layers, int64_t width = 48);

// train-v1.1.json, dev-v1.1.json, MRPC, SST-2, text.txt (articles as WikiExtractor writes them) and glove.txt.
void furnish_data(const fs::path& folder);

}  // namespace retort::program
