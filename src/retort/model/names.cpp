#include "retort/model/names.h"

#include <fmt/format.h>

namespace retort::model {

std::string base_prefix(Family family) { return family == Family::kBert ? "bert." : "distilbert."; }

EmbeddingNames embedding_names(Family family, const std::string& prefix) {
  const std::string root = prefix + "embeddings.";
  return {root + "word_embeddings.weight", root + "position_embeddings.weight",
          family == Family::kBert ? root + "token_type_embeddings.weight" : "", root + "LayerNorm"};
}

LayerNames layer_names(Family family, const std::string& prefix, int64_t layer) {
  if (family == Family::kBert) {
    const std::string root = fmt::format("{}encoder.layer.{}.", prefix, layer);
    return {root + "attention.self.query",
            root + "attention.self.key",
            root + "attention.self.value",
            root + "attention.output.dense",
            root + "attention.output.LayerNorm",
            root + "intermediate.dense",
            root + "output.dense",
            root + "output.LayerNorm"};
  }
  const std::string root = fmt::format("{}transformer.layer.{}.", prefix, layer);
  return {root + "attention.q_lin", root + "attention.k_lin", root + "attention.v_lin", root + "attention.out_lin",
          root + "sa_layer_norm",   root + "ffn.lin1",        root + "ffn.lin2",        root + "output_layer_norm"};
}

}  // namespace retort::model
