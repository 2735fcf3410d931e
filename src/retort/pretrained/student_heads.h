// Heads that a student goes without: which are pruned, and what of a tensor stays then.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "retort/model/config.h"

namespace retort::pretrained {

// The original numbers of the heads that a layer still has.
std::vector<int64_t> kept_heads(const model::ModelConfig& model, int64_t layer);

// Prunes a random choice of every layer's heads down to `count`, as optimizing-distilbert-squad chooses them. Throws
// UserError, whose subject is `flag`, where a layer has fewer.
void prune_heads(model::ModelConfig& config, int64_t count, int64_t seed, const std::string& flag);

// What of a tensor stays when heads go: these rows (dimension 0) or columns (1).
struct HeadCut {
  int64_t dimension;
  std::vector<int64_t> places;
};

// By the student's names: projections lose rows, what follows the attention loses columns. Layer i of the student comes
// from layer `layers[i]` of `from`.
std::map<std::string, HeadCut> map_head_cuts(const model::ModelConfig& student, const model::ModelConfig& from,
                                             const std::string& prefix, const std::vector<int64_t>& layers);

at::Tensor cut_tensor(const at::Tensor& tensor, const HeadCut& cut);

}  // namespace retort::pretrained
