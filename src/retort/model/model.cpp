#include "retort/model/model.h"

#include <ATen/ops/index_select.h>

#include "retort/base/error.h"
#include "retort/kernel/activation_name.h"
#include "retort/kernel/dropout.h"
#include "retort/kernel/linear.h"
#include "retort/model/names.h"

namespace retort::model {

namespace {

struct HeadName {
  Head head;
  const char* bert;
  const char* distilbert;
};

constexpr HeadName kHeadNames[] = {
    {Head::kNone, "BertModel", "DistilBertModel"},
    {Head::kQuestionAnswering, "BertForQuestionAnswering", "DistilBertForQuestionAnswering"},
    {Head::kSequenceClassification, "BertForSequenceClassification", "DistilBertForSequenceClassification"},
    {Head::kTokenClassification, "BertForTokenClassification", "DistilBertForTokenClassification"},
    {Head::kMultipleChoice, "BertForMultipleChoice", "DistilBertForMultipleChoice"},
    {Head::kMaskedLm, "BertForMaskedLM", "DistilBertForMaskedLM"},
    {Head::kPreTraining, "BertForPreTraining", ""},
};

bool has_pooler(Head head) {
  return head == Head::kNone || head == Head::kSequenceClassification || head == Head::kMultipleChoice ||
         head == Head::kPreTraining;
}

at::Tensor as_float(const at::Tensor& x) { return x.to(at::kFloat); }

// The dropout keys of the chosen rows, for dropout after a gather.
kernel::TokenRows select_keys(const kernel::TokenRows& rows, const at::Tensor& chosen) {
  kernel::TokenRows selected;
  if (rows.keys.defined()) selected.keys = at::index_select(rows.keys, 0, chosen);
  return selected;
}

}  // namespace

std::string architecture_name(Family family, Head head) {
  for (const HeadName& name : kHeadNames)
    if (name.head == head) return family == Family::kBert ? name.bert : name.distilbert;
  return "";
}

std::optional<Head> head_of_architecture(const std::string& architecture) {
  for (const HeadName& name : kHeadNames)
    if (!architecture.empty() && (architecture == name.bert || architecture == name.distilbert)) return name.head;
  return std::nullopt;
}

Model::Model(const ModelConfig& config, Head head, const ModelOptions& options)
    : config_(config), head_(head), options_(options) {
  if (architecture_name(config.family, head).empty())
    throw UserError("a DistilBERT model must not have a next-sentence head; use a masked-LM head");
  encoder_ = std::make_unique<Encoder>(config, head == Head::kNone ? "" : base_prefix(config.family), store_);
  add_head_weights();
  if (options.projection_width > 0)
    projection_ = add_linear(store_, kProjection, options.projection_width, config.hidden_size);
  store_.allocate(options.precision,
                  options.with_gradients ? kernel::GradientMemory::kAllocated : kernel::GradientMemory::kNone);
}

void Model::add_head_weights() {
  const int64_t H = config_.hidden_size, labels = static_cast<int64_t>(config_.labels.size());
  const bool is_bert = config_.family == Family::kBert;
  if (is_bert && has_pooler(head_) && !(head_ == Head::kNone && options_.without_pooler))
    pooler_ = add_linear(store_, head_ == Head::kNone ? "pooler.dense" : "bert.pooler.dense", H, H);
  if (!is_bert && (head_ == Head::kSequenceClassification || head_ == Head::kMultipleChoice))
    pooler_ = add_linear(store_, "pre_classifier", H, H);
  switch (head_) {
    case Head::kNone:
      break;
    case Head::kQuestionAnswering:
      classifier_ = add_linear(store_, "qa_outputs", 2, H);
      break;
    case Head::kSequenceClassification:
    case Head::kTokenClassification:
      classifier_ = add_linear(store_, "classifier", labels, H);
      break;
    case Head::kMultipleChoice:
      classifier_ = add_linear(store_, "classifier", 1, H);
      break;
    case Head::kPreTraining:
      next_sentence_ = add_linear(store_, "cls.seq_relationship", 2, H);
      [[fallthrough]];
    case Head::kMaskedLm:
      if (is_bert)
        add_language_model_weights("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                                   "cls.predictions.bias");
      else
        add_language_model_weights("vocab_transform", "vocab_layer_norm", "vocab_projector.bias");
  }
}

void Model::add_language_model_weights(const std::string& transform, const std::string& norm, const std::string& bias) {
  const int64_t H = config_.hidden_size;
  transform_ = add_linear(store_, transform, H, H);
  transform_norm_ = add_norm_weights(store_, norm, H, config_.layer_norm_eps);
  decoder_.weight = encoder_->word_embeddings();
  decoder_.bias =
      store_.add({.names = {bias}, .shape = {config_.vocab_size}, .initialization = kernel::Initialization::kZero});
}

ModelOutput Model::forward(const kernel::TokenRows& rows, const ForwardOptions& options) const {
  ModelOutput out;
  const at::Tensor chosen = options.chosen_rows.empty() ? at::Tensor() : options.chosen_rows.tensor();
  const bool has_chosen_rows_only = options.only_chosen_rows && chosen.defined();
  RETORT_CHECK(!has_chosen_rows_only || (head_ == Head::kMaskedLm && !options.is_training),
               "only a masked-LM head outside training can skip rows");
  EncoderOutput encoded = encoder_->forward(rows, {.precision = options_.precision,
                                                   .is_training = options.is_training,
                                                   .keep_hidden_states = options.keep_hidden_states,
                                                   .attention_layers = options.attention_layers,
                                                   .checkpoint_activations = options_.checkpoint_activations,
                                                   .last_layer_rows = has_chosen_rows_only ? chosen : at::Tensor()});
  out.hidden_states = std::move(encoded.hidden_states), out.attention = std::move(encoded.attention);
  const at::Tensor& last = out.hidden_states.back();  // [T, H], or [M, H]
  const bool is_bert = config_.family == Family::kBert;
  const double head_dropout = !is_bert                          ? config_.seq_classif_dropout
                              : config_.classifier_dropout >= 0 ? config_.classifier_dropout
                                                                : config_.hidden_dropout_prob;
  if (pooler_.weight) out.pooled = pool(last, rows);  // [B, H]
  switch (head_) {
    case Head::kNone:
      break;
    case Head::kQuestionAnswering:
      out.logits = classify(last, rows, is_bert ? 0.0 : config_.qa_dropout, options.is_training);
      break;
    case Head::kTokenClassification:
      out.logits = classify(last, rows, is_bert ? head_dropout : config_.hidden_dropout_prob, options.is_training);
      break;
    case Head::kSequenceClassification:
    case Head::kMultipleChoice:
      out.logits = classify(out.pooled, select_keys(rows, rows.first_rows), head_dropout, options.is_training);
      break;
    case Head::kPreTraining:
      out.next_sentence_logits = as_float(kernel::linear(out.pooled, *next_sentence_.weight, next_sentence_.bias));
      [[fallthrough]];
    case Head::kMaskedLm:
      out.logits = predict_tokens(chosen.defined() && !has_chosen_rows_only ? at::index_select(last, 0, chosen) : last);
      break;
  }
  return out;
}

at::Tensor Model::project(const at::Tensor& states) const {
  return projection_.weight ? kernel::linear(states, *projection_.weight, projection_.bias) : states;
}

at::Tensor Model::pool(const at::Tensor& last, const kernel::TokenRows& rows) const {
  const at::Tensor first = at::index_select(last, 0, rows.first_rows);  // [B, H]
  const auto activation = config_.family == Family::kBert ? kernel::Activation::kTanh : kernel::Activation::kRelu;
  return kernel::bias_activation(kernel::linear(first, *pooler_.weight, nullptr), *pooler_.bias, activation);
}

at::Tensor Model::classify(const at::Tensor& features, const kernel::TokenRows& rows, double dropout,
                           bool is_training) const {
  const kernel::Dropout drop = make_dropout(dropout, is_training, config_.num_hidden_layers, DropoutPlace::kHead);
  return as_float(kernel::linear(kernel::dropout(features, rows.keys, drop), *classifier_.weight, classifier_.bias));
}

at::Tensor Model::predict_tokens(const at::Tensor& rows) const {
  const auto activation = kernel::parse_activation(config_.hidden_act);
  const at::Tensor transformed =
      kernel::bias_activation(kernel::linear(rows, *transform_.weight, nullptr), *transform_.bias, activation);
  const at::Tensor normed =
      kernel::add_norm(transformed, nullptr, at::Tensor(), transform_norm_, kernel::TokenRows(), kernel::Dropout());
  return kernel::linear(normed, *decoder_.weight, decoder_.bias);  // [M, V]
}

}  // namespace retort::model
