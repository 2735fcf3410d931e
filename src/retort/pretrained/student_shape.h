// The sizes of a student that differ from those of the model folder it starts from, with the names of transformers'
// DistilBertConfig.
#pragma once

#include <optional>
#include <string>

#include "retort/base/fields.h"

namespace retort::pretrained {

// 0 and "": as config.json says. Layers and heads change a model with weights: further layers start random, layers that
// are too many are left out, heads are pruned. Other sizes are those of a model without weights.
struct StudentShape {
  int64_t n_layers = 0, n_heads = 0, dim = 0, hidden_dim = 0, max_position_embeddings = 0;
  std::string activation;
  std::optional<bool> sinusoidal_pos_embds;
  bool from_scratch = false;  // the folder gives its configuration and vocabulary alone
  int64_t pruning_seed = 42;

  void fields(FieldList& list);
};

}  // namespace retort::pretrained
