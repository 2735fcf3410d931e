// The encoder: embeddings and a stack of post-norm layers (Devlin et al. 2019; Sanh et al. 2019), without padding.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "retort/kernel/activation.h"
#include "retort/kernel/embedding.h"
#include "retort/model/config.h"

namespace retort::model {

// Weight and bias of a linear layer in the parameter store.
struct LinearWeights {
  const kernel::Weight* weight = nullptr;  // [N, K]
  const kernel::Weight* bias = nullptr;    // [N]
};

// Registers `<name>.weight` [n, k] and `<name>.bias` [n].
LinearWeights add_linear(kernel::ParameterStore& store, const std::string& name, int64_t n, int64_t k);
// Registers `<name>.weight` (ones) and `<name>.bias` (zeros), both [width].
kernel::NormWeights add_norm_weights(kernel::ParameterStore& store, const std::string& name, int64_t width,
                                     double epsilon);

struct LayerWeights {
  LinearWeights qkv;               // [3*A*D, H], query, key, value
  LinearWeights attention_output;  // [H, A*D]
  kernel::NormWeights attention_norm;
  LinearWeights intermediate;  // [I, H]
  LinearWeights output;        // [H, I]
  kernel::NormWeights output_norm;
  int64_t heads = 0;  // heads of this layer after pruning
};

// Inputs and output of one layer's attention.
struct AttentionStates {
  at::Tensor qkv;      // [T, 3*A*D] queries, keys and values, heads side by side
  at::Tensor context;  // [T, A*D]
};

struct EncoderOptions {
  kernel::Precision precision = kernel::Precision::kFloat32;
  bool is_training = false;                    // dropout; needs rows.keys
  bool keep_hidden_states = false;             // return the hidden states of every layer, else only of the last
  std::vector<int64_t> attention_layers = {};  // layers whose attention states are returned
  bool checkpoint_activations = false;         // keep only the layers' inputs, recompute the rest in the backward pass
  at::Tensor last_layer_rows = {};  // [M] int64: the rows that the last layer computes; only outside training
};

struct EncoderOutput {
  std::vector<at::Tensor> hidden_states;   // [T, H]: embeddings, then each layer; or only the last
  std::vector<AttentionStates> attention;  // of attention_layers, in their order
};

class Encoder {
 public:
  // Registers the parameters; their names begin with `prefix`.
  Encoder(const ModelConfig& config, const std::string& prefix, kernel::ParameterStore& store);

  // Activation checkpointing excludes layers whose attention states are returned, because gradients flow through those
  // states too. With last_layer_rows the last hidden states are [M, H]. Throws UserError for ids or positions outside
  // the embedding tables.
  EncoderOutput forward(const kernel::TokenRows& rows, const EncoderOptions& options) const;

  const kernel::Weight* word_embeddings() const { return embeddings_.word; }

 private:
  struct LayerRun {
    int64_t index = 0;
    bool is_training = false;
    at::Tensor kept_rows = {};  // attention reads all rows; the operations after it compute only these, if defined
    AttentionStates* states = nullptr;  // receives the attention states, if not null
  };
  at::Tensor run_layer(const LayerRun& run, const at::Tensor& all_x, const kernel::TokenRows& all_rows) const;
  void check_rows(const kernel::TokenRows& rows) const;

  ModelConfig config_;
  kernel::Activation activation_;
  kernel::EmbeddingWeights embeddings_;
  std::vector<LayerWeights> layers_;
};

// Locations of dropout: layer -1 is the embeddings, layer L the head.
enum class DropoutPlace { kEmbeddings, kAttention, kAttentionOutput, kOutput, kHead };
kernel::Dropout make_dropout(double probability, bool is_training, int64_t layer, DropoutPlace place);

}  // namespace retort::model
