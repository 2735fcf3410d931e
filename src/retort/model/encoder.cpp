#include "retort/model/encoder.h"

#include <ATen/ops/index_select.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/activation_name.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/gradient_progress.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/recompute.h"
#include "retort/model/names.h"

namespace retort::model {

using kernel::Initialization;
using kernel::Precision;

kernel::Dropout make_dropout(double probability, bool is_training, int64_t layer, DropoutPlace place) {
  // 1024 dropout sites per location, so that each attention head has its own.
  return {is_training ? probability : 0.0, static_cast<uint64_t>((layer + 1) * 8 + static_cast<int64_t>(place)) << 10};
}

LinearWeights add_linear(kernel::ParameterStore& store, const std::string& name, int64_t n, int64_t k) {
  return {store.add({.names = {name + ".weight"}, .shape = {n, k}}),
          store.add({.names = {name + ".bias"}, .shape = {n}, .initialization = Initialization::kZero})};
}

kernel::NormWeights add_norm_weights(kernel::ParameterStore& store, const std::string& name, int64_t width,
                                     double epsilon) {
  return {store.add({.names = {name + ".weight"}, .shape = {width}, .initialization = Initialization::kOne}),
          store.add({.names = {name + ".bias"}, .shape = {width}, .initialization = Initialization::kZero}), epsilon};
}

namespace {

LinearWeights add_projections(kernel::ParameterStore& store, const LayerNames& names, int64_t n, int64_t k) {
  return {
      store.add({.names = {names.query + ".weight", names.key + ".weight", names.value + ".weight"}, .shape = {n, k}}),
      store.add({.names = {names.query + ".bias", names.key + ".bias", names.value + ".bias"},
                 .shape = {n},
                 .initialization = Initialization::kZero})};
}

}  // namespace

Encoder::Encoder(const ModelConfig& config, const std::string& prefix, kernel::ParameterStore& store)
    : config_(config), activation_(kernel::parse_activation(config.hidden_act)) {
  const int64_t H = config.hidden_size, I = config.intermediate_size;
  const EmbeddingNames names = embedding_names(config.family, prefix);
  const Initialization positions = config.sinusoidal_pos_embds ? Initialization::kSinusoidal : Initialization::kNormal;
  embeddings_.word = store.add({.names = {names.word}, .shape = {config.vocab_size, H}, .is_table = true});
  kernel::Weight* position = store.add({.names = {names.position},
                                        .shape = {config.max_position_embeddings, H},
                                        .initialization = positions,
                                        .is_table = true});
  position->trainable = !config.sinusoidal_pos_embds;
  embeddings_.position = position;
  if (!names.segment.empty())
    embeddings_.segment = store.add({.names = {names.segment}, .shape = {config.type_vocab_size, H}, .is_table = true});
  embeddings_.norm = add_norm_weights(store, names.norm, H, config.layer_norm_eps);
  embeddings_.padding_id = config.pad_token_id;
  for (int64_t l = 0; l < config.num_hidden_layers; ++l) {
    const LayerNames n = layer_names(config.family, prefix, l);
    LayerWeights layer;
    layer.heads = config.heads_of_layer(l);
    const int64_t all = layer.heads * config.head_width();  // A*D
    layer.qkv = add_projections(store, n, all, H);
    layer.attention_output = add_linear(store, n.attention_output, H, all);
    layer.attention_norm = add_norm_weights(store, n.attention_norm, H, config.layer_norm_eps);
    layer.intermediate = add_linear(store, n.intermediate, I, H);
    layer.output = add_linear(store, n.output, H, I);
    layer.output_norm = add_norm_weights(store, n.output_norm, H, config.layer_norm_eps);
    layers_.push_back(layer);
  }
}

void Encoder::check_rows(const kernel::TokenRows& rows) const {
  if (rows.tokens() == 0) throw UserError("a batch must hold at least one token, but is empty");
  const auto check = [&](const kernel::ValueRange& range, int64_t limit, const char* what, const char* field) {
    const auto& [low, high] = range;
    if (low < 0 || high >= limit)
      throw UserError(
          "{}: every {} must be 0 to {}, because field `{}` is {}, but one is {}; the tokenizer does not belong to the "
          "model: use the model's own "
          "vocabulary",
          config_.subject(), what, limit - 1, field, limit, low < 0 ? low : high);
  };
  check(rows.id_range, config_.vocab_size, "token id", "vocab_size");
  check(rows.position_range, config_.max_position_embeddings, "position", "max_position_embeddings");
  if (embeddings_.segment) check(rows.segment_range, config_.type_vocab_size, "token type", "type_vocab_size");
}

EncoderOutput Encoder::forward(const kernel::TokenRows& rows, const EncoderOptions& options) const {
  check_rows(rows);
  const bool is_training = options.is_training, keep_hidden_states = options.keep_hidden_states;
  EncoderOutput out;
  out.attention.resize(options.attention_layers.size());
  at::Tensor x =
      kernel::embed(rows, embeddings_, options.precision,
                    make_dropout(config_.hidden_dropout_prob, is_training, -1, DropoutPlace::kEmbeddings));  // [T, H]
  if (keep_hidden_states) out.hidden_states.push_back(x);
  for (int64_t l = 0; l < static_cast<int64_t>(layers_.size()); ++l) {
    const auto& kept = options.attention_layers;
    LayerRun run{.index = l, .is_training = is_training};
    kernel::announce_gradients(x, *layers_[l].qkv.weight, *layers_[l].output_norm.beta);
    if (l + 1 == static_cast<int64_t>(layers_.size())) run.kept_rows = options.last_layer_rows;
    if (std::find(kept.begin(), kept.end(), l) != kept.end()) {
      AttentionStates states;
      run.states = &states;
      x = run_layer(run, x, rows);
      for (size_t i = 0; i < kept.size(); ++i)
        if (kept[i] == l) out.attention[i] = states;
    } else {
      const auto forward_layer = [this, run, rows](const at::Tensor& input) { return run_layer(run, input, rows); };
      x = options.checkpoint_activations ? kernel::recompute(x, forward_layer) : forward_layer(x);
    }
    if (keep_hidden_states) out.hidden_states.push_back(x);
  }
  if (!keep_hidden_states) out.hidden_states.push_back(x);
  return out;
}

at::Tensor Encoder::run_layer(const LayerRun& run, const at::Tensor& all_x, const kernel::TokenRows& all_rows) const {
  const LayerWeights& layer = layers_[run.index];
  const int64_t index = run.index;
  const bool is_training = run.is_training;
  const double hidden = config_.hidden_dropout_prob, probabilities = config_.attention_probs_dropout_prob;
  const at::Tensor qkv = kernel::linear(all_x, *layer.qkv.weight, layer.qkv.bias);  // [T, 3*A*D]
  const at::Tensor all_context = kernel::attention(
      qkv, all_rows, layer.heads, make_dropout(probabilities, is_training, index, DropoutPlace::kAttention));
  if (run.states) *run.states = {qkv, all_context};
  const auto kept = [&](const at::Tensor& all) {
    return run.kept_rows.defined() ? at::index_select(all, 0, run.kept_rows) : all;
  };
  const at::Tensor x = kept(all_x), context = kept(all_context);
  const kernel::TokenRows no_rows;
  const kernel::TokenRows& rows = run.kept_rows.defined() ? no_rows : all_rows;  // for the dropout keys
  const at::Tensor attended = kernel::add_norm(
      kernel::linear(context, *layer.attention_output.weight, nullptr), layer.attention_output.bias, x,
      layer.attention_norm, rows, make_dropout(hidden, is_training, index, DropoutPlace::kAttentionOutput));  // [T, H]
  const at::Tensor wide = kernel::linear(attended, *layer.intermediate.weight, nullptr);                      // [T, I]
  return kernel::add_norm(kernel::activated_linear(wide, *layer.intermediate.bias, activation_, *layer.output.weight),
                          layer.output.bias, attended, layer.output_norm, rows,
                          make_dropout(hidden, is_training, index, DropoutPlace::kOutput));  // [T, H]
}

}  // namespace retort::model
