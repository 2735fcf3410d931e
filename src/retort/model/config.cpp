#include "retort/model/config.h"

#include <fmt/ranges.h>

#include "retort/base/error.h"
#include "retort/kernel/activation_name.h"
#include "retort/model/config_fields.h"

namespace retort::model {

int64_t ModelConfig::heads_of_layer(int64_t layer) const {
  const auto pruned = pruned_heads.find(layer);
  return num_attention_heads - (pruned == pruned_heads.end() ? 0 : static_cast<int64_t>(pruned->second.size()));
}

void ModelConfig::set_labels(std::vector<std::string> names) {
  labels = std::move(names);
  problem_type = labels.size() == 1 ? "regression" : "single_label_classification";
  original.erase("finetuning_task");
}

void check_config(const ModelConfig& c, const std::string& subject) {
  std::vector<std::string> problems;
  const auto check_range = [&](const char* name, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high)
      problems.push_back(fmt::format("`{}`: field `{}` must be {} to {}, but is {}", subject, name, low, high, value));
  };
  const bool is_bert = c.family == Family::kBert;
  check_range("vocab_size", c.vocab_size, 1, 10'000'000);
  check_range(is_bert ? "hidden_size" : "dim", c.hidden_size, 1, 8192);
  check_range(is_bert ? "num_hidden_layers" : "n_layers", c.num_hidden_layers, 1, 512);
  check_range(is_bert ? "num_attention_heads" : "n_heads", c.num_attention_heads, 1, 1000);
  check_range(is_bert ? "intermediate_size" : "hidden_dim", c.intermediate_size, 1, 1'000'000);
  check_range("max_position_embeddings", c.max_position_embeddings, 1, 1'000'000);
  check_range("type_vocab_size", c.type_vocab_size, is_bert ? 1 : 0, 1000);
  check_range("pad_token_id", c.pad_token_id, 0, std::max<int64_t>(1, c.vocab_size) - 1);
  if (problems.empty() && c.hidden_size % c.num_attention_heads != 0)
    problems.push_back(fmt::format("`{}`: field `{}` must be a multiple of the {} attention heads, but is {}", subject,
                                   is_bert ? "hidden_size" : "dim", c.num_attention_heads, c.hidden_size));
  const double classifier_dropout = c.classifier_dropout == -1 ? 0 : c.classifier_dropout;  // -1: not given
  for (const double p :
       {c.hidden_dropout_prob, c.attention_probs_dropout_prob, c.qa_dropout, c.seq_classif_dropout, classifier_dropout})
    if (!(p >= 0 && p < 1))
      problems.push_back(fmt::format("`{}`: dropout probabilities must lie in [0, 1), but one is {}", subject, p));
  if (!(c.layer_norm_eps >= 0 && c.layer_norm_eps < 1))
    problems.push_back(
        fmt::format("`{}`: field `layer_norm_eps` must lie in [0, 1), but is {}", subject, c.layer_norm_eps));
  if (!(c.initializer_range >= 0 && c.initializer_range <= 10))
    problems.push_back(
        fmt::format("`{}`: field `initializer_range` must be 0 to 10, but is {}", subject, c.initializer_range));
  try {
    kernel::parse_activation(c.hidden_act);
  } catch (const UserError& error) {
    problems.push_back(fmt::format("`{}`: {}", subject, error.what()));
  }
  for (const auto& [layer, heads] : c.pruned_heads) {
    const bool is_valid = layer >= 0 && layer < c.num_hidden_layers && heads.front() >= 0 &&
                          heads.back() < c.num_attention_heads && c.heads_of_layer(layer) >= 1;
    if (!is_valid)
      problems.push_back(
          fmt::format("`{}`: field `pruned_heads` must leave at least one of {} heads in one of {} layers, but is "
                      "wrong for layer {}",
                      subject, c.num_attention_heads, c.num_hidden_layers, layer));
  }
  if (!problems.empty()) throw UserError("{}", fmt::format("{}", fmt::join(problems, "\n")));
}

namespace {

// The fields that config_from_json reads, under the names of `transformers`.
Json own_fields(const ModelConfig& c, const std::string& architecture) {
  Json json;
  json["architectures"] = {architecture};
  json["model_type"] = c.family == Family::kBert ? "bert" : "distilbert";
  json["vocab_size"] = c.vocab_size;
  json["max_position_embeddings"] = c.max_position_embeddings;
  if (c.family == Family::kBert) {
    json["hidden_size"] = c.hidden_size;
    json["num_hidden_layers"] = c.num_hidden_layers;
    json["num_attention_heads"] = c.num_attention_heads;
    json["intermediate_size"] = c.intermediate_size;
    json["hidden_act"] = c.hidden_act;
    json["hidden_dropout_prob"] = c.hidden_dropout_prob;
    json["attention_probs_dropout_prob"] = c.attention_probs_dropout_prob;
    json["classifier_dropout"] = c.classifier_dropout < 0 ? Json() : Json(c.classifier_dropout);
    json["type_vocab_size"] = c.type_vocab_size;
    json["layer_norm_eps"] = c.layer_norm_eps;
    json["position_embedding_type"] = "absolute";
  } else {
    json["dim"] = c.hidden_size;
    json["n_layers"] = c.num_hidden_layers;
    json["n_heads"] = c.num_attention_heads;
    json["hidden_dim"] = c.intermediate_size;
    json["activation"] = c.hidden_act;
    json["dropout"] = c.hidden_dropout_prob;
    json["attention_dropout"] = c.attention_probs_dropout_prob;
    json["qa_dropout"] = c.qa_dropout;
    json["seq_classif_dropout"] = c.seq_classif_dropout;
    json["sinusoidal_pos_embds"] = c.sinusoidal_pos_embds;
    json["tie_weights_"] = true;
  }
  json["tie_word_embeddings"] = true;  // the decoder is always tied here, whatever the file said
  json["initializer_range"] = c.initializer_range;
  json["pad_token_id"] = c.pad_token_id;
  json["torch_dtype"] = "float32";
  if (c.original.contains("dtype")) json["dtype"] = "float32";  // the name in transformers 5, which prefers it
  Json id2label = Json::object(), label2id = Json::object();
  for (size_t i = 0; i < c.labels.size(); ++i) {
    id2label.get_ref<Json::object_t&>().emplace_back(std::to_string(i),
                                                     c.labels[i]);  // without a look for an older one
    label2id.get_ref<Json::object_t&>().emplace_back(c.labels[i], i);
  }
  json["id2label"] = std::move(id2label);
  json["label2id"] = std::move(label2id);
  if (!c.problem_type.empty()) json["problem_type"] = c.problem_type;
  if (!c.pruned_heads.empty()) {
    json["pruned_heads"] = Json::object();
    for (const auto& [layer, heads] : c.pruned_heads) json["pruned_heads"][std::to_string(layer)] = heads;
  }
  return json;
}

}  // namespace

Json config_to_json(const ModelConfig& config, const std::string& architecture) {
  Json own = own_fields(config, architecture), json = Json::object();
  for (const auto& [name, value] : config.original.items()) {
    const ConfigField* const field = maybe_config_field(name);
    const bool is_own = field != nullptr && field->use == FieldUse::kRead;
    if (!is_own)
      json[name] = value;
    else if (own.contains(name))
      json[name] = own[name];
  }
  for (const auto& [name, value] : own.items()) json[name] = value;
  return json;
}

}  // namespace retort::model
