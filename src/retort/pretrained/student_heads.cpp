#include "retort/pretrained/student_heads.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/python_random.h"
#include "retort/model/names.h"

namespace retort::pretrained {

std::vector<int64_t> kept_heads(const model::ModelConfig& model, int64_t layer) {
  const auto pruned = model.pruned_heads.find(layer);
  std::vector<int64_t> kept;
  for (int64_t head = 0; head < model.num_attention_heads; ++head)
    if (pruned == model.pruned_heads.end() || !std::binary_search(pruned->second.begin(), pruned->second.end(), head))
      kept.push_back(head);
  return kept;
}

void prune_heads(model::ModelConfig& config, int64_t count, int64_t seed, const std::string& flag) {
  PythonRandom random(static_cast<uint64_t>(seed));
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::vector<int64_t> kept = kept_heads(config, layer);
    const auto heads = static_cast<int64_t>(kept.size());
    if (count > heads)
      throw UserError("`{}` must be 1 to {}, the heads of layer {}, but is {}", flag, heads, layer, count);
    std::vector<int64_t>& pruned = config.pruned_heads[layer];
    for (const int64_t place : random.sample(heads, heads - count)) pruned.push_back(kept[place]);
    std::sort(pruned.begin(), pruned.end());
    if (pruned.empty()) config.pruned_heads.erase(layer);
  }
}

std::map<std::string, HeadCut> map_head_cuts(const model::ModelConfig& student, const model::ModelConfig& from,
                                             const std::string& prefix, const std::vector<int64_t>& layers) {
  std::map<std::string, HeadCut> cuts;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto layer = static_cast<int64_t>(i);
    const std::vector<int64_t> before = kept_heads(from, layers[i]), after = kept_heads(student, layer);
    if (before == after) continue;
    std::vector<int64_t> places;
    for (const int64_t head : after) {
      const int64_t first = (std::find(before.begin(), before.end(), head) - before.begin()) * student.head_width();
      for (int64_t d = 0; d < student.head_width(); ++d) places.push_back(first + d);
    }
    const auto names = model::layer_names(student.family, prefix, layer);
    for (const auto& name : {names.query, names.key, names.value})
      cuts[name + ".weight"] = cuts[name + ".bias"] = {0, places};
    cuts[names.attention_output + ".weight"] = {1, places};
  }
  return cuts;
}

at::Tensor cut_tensor(const at::Tensor& tensor, const HeadCut& cut) {
  at::Tensor index = at::empty({static_cast<int64_t>(cut.places.size())}, at::kLong);
  std::copy(cut.places.begin(), cut.places.end(), index.data_ptr<int64_t>());
  return at::index_select(tensor, cut.dimension, index.to(tensor.device()));
}

}  // namespace retort::pretrained
