#include "retort/model/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "retort/base/error.h"
#include "retort/kernel/activation.h"

namespace retort::model {

namespace {

// Reads the fields of a JSON object, collecting problems instead of stopping at the first.
class Reader {
 public:
  Reader(const Json& json, std::string subject) : json_(json), subject_(std::move(subject)) {}

  void read(const char* name, int64_t& value) {
    if (const Json* field = find(name)) {
      if (field->is_number_integer())
        value = field->get<int64_t>();
      else
        complain(name, "an integer", *field);
    }
  }
  void read(const char* name, double& value) {
    if (const Json* field = find(name)) {
      if (field->is_number())
        value = field->get<double>();
      else
        complain(name, "a number", *field);
    }
  }
  void read(const char* name, bool& value) {
    if (const Json* field = find(name)) {
      if (field->is_boolean())
        value = field->get<bool>();
      else
        complain(name, "true or false", *field);
    }
  }
  void read(const char* name, std::string& value) {
    if (const Json* field = find(name)) {
      if (field->is_string())
        value = field->get<std::string>();
      else
        complain(name, "a string", *field);
    }
  }
  void add_problem(std::string text) { problems_.push_back(std::move(text)); }
  void finish() const {
    if (!problems_.empty()) throw UserError("{}", fmt::format("{}", fmt::join(problems_, "\n")));
  }
  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  void complain(const char* name, const char* expected, const Json& found) {
    add_problem(
        fmt::format("`{}`: field `{}` must be {}, but is `{}`", subject_, name, expected, found.dump().substr(0, 60)));
  }

 private:
  const Json& json_;
  std::string subject_;
  std::vector<std::string> problems_;
};

void read_labels(Reader& reader, const Json& json, ModelConfig& config, const std::string& subject) {
  int64_t count = static_cast<int64_t>(config.labels.size());
  if (const Json* labels = reader.find("id2label"); labels && labels->is_object() && !labels->empty()) {
    std::vector<std::string> names(labels->size());
    for (const auto& [id, name] : labels->items()) {
      size_t index = names.size();
      try {
        index = std::stoul(id);
      } catch (const std::exception&) {
      }
      if (index >= names.size() || !name.is_string()) {
        reader.add_problem(fmt::format("`{}`: field `id2label` must map 0 to {} to names, but has the key `{}`",
                                       subject, names.size() - 1, id));
        return;
      }
      names[index] = name.get<std::string>();
    }
    config.labels = std::move(names);
  } else if (json.contains("num_labels")) {
    reader.read("num_labels", count);
    if (count < 1 || count > 100000) {
      reader.add_problem(fmt::format("`{}`: field `num_labels` must be 1 to 100000, but is {}", subject, count));
      return;
    }
    config.labels.clear();
    for (int64_t i = 0; i < count; ++i) config.labels.push_back(fmt::format("LABEL_{}", i));
  }
}

void read_pruned_heads(Reader& reader, ModelConfig& config, const std::string& subject) {
  const Json* pruned = reader.find("pruned_heads");
  if (pruned == nullptr || !pruned->is_object()) return;
  for (const auto& [layer, heads] : pruned->items()) {
    try {
      std::vector<int64_t> indices = heads.get<std::vector<int64_t>>();
      std::sort(indices.begin(), indices.end());
      indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
      if (!indices.empty()) config.pruned_heads[std::stoll(layer)] = std::move(indices);
    } catch (const std::exception&) {
      reader.add_problem(fmt::format("`{}`: field `pruned_heads` must map layers to lists of heads, but has `{}`",
                                     subject, heads.dump()));
    }
  }
}

void read_bert(Reader& reader, ModelConfig& c) {
  reader.read("hidden_size", c.hidden_size);
  reader.read("num_hidden_layers", c.num_hidden_layers);
  reader.read("num_attention_heads", c.num_attention_heads);
  reader.read("intermediate_size", c.intermediate_size);
  reader.read("hidden_act", c.hidden_act);
  reader.read("hidden_dropout_prob", c.hidden_dropout_prob);
  reader.read("attention_probs_dropout_prob", c.attention_probs_dropout_prob);
  reader.read("classifier_dropout", c.classifier_dropout);
  reader.read("type_vocab_size", c.type_vocab_size);
  reader.read("layer_norm_eps", c.layer_norm_eps);
}

void read_distilbert(Reader& reader, ModelConfig& c) {
  c.num_hidden_layers = 6;
  c.type_vocab_size = 0;
  reader.read("dim", c.hidden_size);
  reader.read("n_layers", c.num_hidden_layers);
  reader.read("n_heads", c.num_attention_heads);
  reader.read("hidden_dim", c.intermediate_size);
  reader.read("activation", c.hidden_act);
  reader.read("dropout", c.hidden_dropout_prob);
  reader.read("attention_dropout", c.attention_probs_dropout_prob);
  reader.read("qa_dropout", c.qa_dropout);
  reader.read("seq_classif_dropout", c.seq_classif_dropout);
  reader.read("sinusoidal_pos_embds", c.sinusoidal_pos_embds);
}

}  // namespace

int64_t ModelConfig::heads_of_layer(int64_t layer) const {
  const auto pruned = pruned_heads.find(layer);
  return num_attention_heads - (pruned == pruned_heads.end() ? 0 : static_cast<int64_t>(pruned->second.size()));
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

ModelConfig config_from_json(const Json& json, const std::string& subject) {
  if (!json.is_object()) throw UserError("`{}` must hold a JSON object", subject);
  Reader reader(json, subject);
  ModelConfig c;
  std::string model_type;
  reader.read("model_type", model_type);
  if (model_type.empty() && json.contains("hidden_size"))
    model_type = "bert";  // NVIDIA and Google files do not name it
  if (model_type != "bert" && model_type != "distilbert")
    throw UserError(
        "`{}`: field `model_type` must be bert or distilbert, but is `{}`; other architectures are not supported",
        subject, model_type);
  if (json.contains("auto_map"))
    throw UserError(
        "`{}`: field `auto_map` asks for code of the model's own to be run, which is never done; use a folder without "
        "it",
        subject);
  if (const Json* kind = reader.find("position_embedding_type"); kind && kind->is_string() && *kind != "absolute")
    reader.add_problem(
        fmt::format("`{}`: field `position_embedding_type` must be absolute, but is {}", subject, kind->dump()));
  reader.read("vocab_size", c.vocab_size);
  reader.read("max_position_embeddings", c.max_position_embeddings);
  reader.read("initializer_range", c.initializer_range);
  reader.read("pad_token_id", c.pad_token_id);
  c.family = model_type == "bert" ? Family::kBert : Family::kDistilBert;
  if (c.family == Family::kBert)
    read_bert(reader, c);
  else
    read_distilbert(reader, c);
  reader.read("tie_word_embeddings", c.tie_word_embeddings);
  reader.read("tie_weights_", c.tie_word_embeddings);
  read_labels(reader, json, c, subject);
  read_pruned_heads(reader, c, subject);
  reader.finish();
  check_config(c, subject);
  return c;
}

Json config_to_json(const ModelConfig& c, const std::string& architecture) {
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
  json["tie_word_embeddings"] = true;  // a head over the vocabulary has no other table here, whatever was read
  json["initializer_range"] = c.initializer_range;
  json["pad_token_id"] = c.pad_token_id;
  json["torch_dtype"] = "float32";
  Json id2label = Json::object(), label2id = Json::object();
  for (size_t i = 0; i < c.labels.size(); ++i) {
    id2label[std::to_string(i)] = c.labels[i];
    label2id[c.labels[i]] = i;
  }
  json["id2label"] = std::move(id2label);
  json["label2id"] = std::move(label2id);
  if (!c.pruned_heads.empty()) {
    json["pruned_heads"] = Json::object();
    for (const auto& [layer, heads] : c.pruned_heads) json["pruned_heads"][std::to_string(layer)] = heads;
  }
  return json;
}

}  // namespace retort::model
