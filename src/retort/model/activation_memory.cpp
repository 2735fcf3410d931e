// What the operations of kernel/ keep for the backward pass, by layer: its input and output share one tensor.
#include "retort/model/activation_memory.h"

#include <algorithm>

#include "retort/kernel/element_type.h"

namespace retort::model {

namespace {

// Elements for each token.
struct Elements {
  int64_t layer;    // kept until the backward pass of the layer
  int64_t working;  // the largest that an operation of a layer has besides
  int64_t head;     // of the language-model head, while it exists
};

Elements elements_of(const Model& model) {
  const ModelConfig& config = model.config();
  const int64_t H = config.hidden_size, I = config.intermediate_size, V = config.vocab_size;
  const bool predicts_tokens = model.head() == Head::kMaskedLm || model.head() == Head::kPreTraining;
  // Queries, keys and values, the context, twice the sum before a norm and the norm's output; the wide states. The
  // backward pass of the wide part has the activated states and two gradients of their size.
  return {.layer = 8 * H + I, .working = 3 * I + 2 * H, .head = predicts_tokens ? (2 * V + 4 * H) / 5 : 0};
}

}  // namespace

int64_t activation_bytes(const Model& model, int64_t tokens) {
  const ModelConfig& config = model.config();
  const auto element = static_cast<int64_t>(c10::elementSize(kernel::element_type(model.options().precision)));
  const Elements each = elements_of(model);
  const int64_t layers = config.num_hidden_layers, embeddings = 2 * config.hidden_size;
  const int64_t kept =
      model.options().checkpoint_activations ? layers * config.hidden_size + each.layer : layers * each.layer;
  return tokens * element * (embeddings + kept + std::max(each.working, each.head));
}

}  // namespace retort::model
