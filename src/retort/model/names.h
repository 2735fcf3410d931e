// Parameter names: those of the Hugging Face state dict of each model family.
#pragma once

#include <string>

#include "retort/model/config.h"

namespace retort::model {

// Module names inside an encoder layer, without ".weight" and ".bias".
struct LayerNames {
  std::string query, key, value, attention_output, attention_norm, intermediate, output, output_norm;
};

struct EmbeddingNames {
  std::string word, position, segment, norm;  // segment is empty for DistilBERT
};

// "bert." or "distilbert.": the prefix of the encoder's names in models with a head.
std::string base_prefix(Family family);
EmbeddingNames embedding_names(Family family, const std::string& prefix);
LayerNames layer_names(Family family, const std::string& prefix, int64_t layer);

}  // namespace retort::model
