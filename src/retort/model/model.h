// A model: an encoder with one head; all parameters are in one ParameterStore.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "retort/model/encoder.h"

namespace retort::model {

enum class Head {
  kNone,                    // BertModel, DistilBertModel: hidden states, and BERT's pooled output
  kQuestionAnswering,       // logits [T, 2]: start, end
  kSequenceClassification,  // logits [B, C]; C = 1: regression
  kTokenClassification,     // logits [T, C]
  kMultipleChoice,          // logits [B, 1], one per choice
  kMaskedLm,                // logits [M, V], in the activation type
  kPreTraining,             // like kMaskedLm, and next-sentence logits [B, 2]
};

// The class name in `transformers`, for example BertForQuestionAnswering.
std::string architecture_name(Family family, Head head);
// The inverse; empty for an unsupported architecture.
std::optional<Head> head_of_architecture(const std::string& architecture);

// Prefix of the projection's parameter names.
inline constexpr const char* kProjection = "fit_dense";

struct ModelOptions {
  kernel::Precision precision = kernel::Precision::kFloat32;
  bool with_gradients = false;          // allocate gradients: for training
  bool checkpoint_activations = false;  // recompute activations: less memory for a third more training time
  // Hidden size of a teacher: adds the linear layer `fit_dense` from the model's hidden size to it. The layer is
  // trained with the model but is not part of it; see Model::project. 0: none.
  int64_t projection_width = 0;
  bool without_pooler = false;  // for Head::kNone: no pooler; ModelOutput::pooled stays undefined
};

struct ForwardOptions {
  bool is_training = false;                    // dropout; needs rows.keys
  bool keep_hidden_states = false;             // return the hidden states of every layer, else only of the last
  std::vector<int64_t> attention_layers = {};  // layers whose attention states are returned
  kernel::IndexList chosen_rows = {};          // masked LM: rows of [T, H] that get logits; empty: all T
  // With chosen_rows, for Head::kMaskedLm outside training: the last layer computes only these rows, and
  // hidden_states.back() is [M, H].
  bool only_chosen_rows = false;
};

struct ModelOutput {
  std::vector<at::Tensor> hidden_states;   // [T, H] each, in the activation type
  std::vector<AttentionStates> attention;  // of ForwardOptions::attention_layers, in their order
  at::Tensor pooled;                       // [B, H]; undefined without a pooler
  at::Tensor logits;                       // float32 except where Head says otherwise; undefined for kNone
  at::Tensor next_sentence_logits;         // float32 [B, 2]; kPreTraining only
};

class Model {
 public:
  // Registers and allocates all parameters (zeros). Initialize them with `parameters().initialize` or from files.
  Model(const ModelConfig& config, Head head, const ModelOptions& options);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  ModelOutput forward(const kernel::TokenRows& rows, const ForwardOptions& options = {}) const;

  // Projects hidden states [T, H] to the teacher's width [T, projection_width]; identity without a projection.
  at::Tensor project(const at::Tensor& states) const;

  const ModelConfig& config() const { return config_; }
  Head head() const { return head_; }
  const ModelOptions& options() const { return options_; }
  kernel::ParameterStore& parameters() { return store_; }
  const kernel::ParameterStore& parameters() const { return store_; }

 private:
  void add_head_weights();
  void add_language_model_weights(const std::string& transform, const std::string& norm, const std::string& bias);
  at::Tensor pool(const at::Tensor& last, const kernel::TokenRows& rows) const;
  at::Tensor classify(const at::Tensor& features, const kernel::TokenRows& rows, double dropout,
                      bool is_training) const;
  at::Tensor predict_tokens(const at::Tensor& rows) const;

  ModelConfig config_;
  Head head_;
  ModelOptions options_;
  kernel::ParameterStore store_;
  std::unique_ptr<Encoder> encoder_;
  LinearWeights pooler_;      // BERT: pooler.dense; DistilBERT classification: pre_classifier
  LinearWeights classifier_;  // qa_outputs or classifier
  LinearWeights transform_, next_sentence_;
  kernel::NormWeights transform_norm_;
  LinearWeights projection_;
  LinearWeights decoder_;  // weight tied to the word embeddings, bias [V]
};

}  // namespace retort::model
