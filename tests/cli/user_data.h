// Small models and data files under the names that a user's folder has, for tests that run the commands of documents
// and scripts.
#pragma once

#include "recipe/tiny_world.h"

namespace retort::program {

// Writes a BERT model with random weights, the 12 attention heads of MiniLM-L6, and the tiny world's vocabulary.
void make_model(const fs::path& folder, model::Head head, int64_t layers, int64_t width = 48);

// Writes train-v1.1.json, dev-v1.1.json, MRPC, SST-2, text.txt (articles as WikiExtractor writes them) and glove.txt.
void write_user_data(const fs::path& folder);

}  // namespace retort::program
