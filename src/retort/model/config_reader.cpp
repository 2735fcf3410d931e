// See config_reader.h.
#include "retort/model/config_reader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "retort/base/error.h"
#include "retort/model/config_fields.h"

namespace retort::model {
namespace {

// Reads the fields of a JSON object; collects all problems instead of stopping at the first.
class Reader {
 public:
  Reader(const Json& json, std::string subject) : json_(json), subject_(std::move(subject)) {}

  void read(const char* name, int64_t& value) {
    if (const Json* field = find(name)) {
      if (field->is_number_integer())
        value = field->get<int64_t>();
      else
        reject(name, "an integer", *field);
    }
  }
  void read(const char* name, double& value) {
    if (const Json* field = find(name)) {
      if (field->is_number())
        value = field->get<double>();
      else
        reject(name, "a number", *field);
    }
  }
  void read(const char* name, bool& value) {
    if (const Json* field = find(name)) {
      if (field->is_boolean())
        value = field->get<bool>();
      else
        reject(name, "true or false", *field);
    }
  }
  void read(const char* name, std::string& value) {
    if (const Json* field = find(name)) {
      if (field->is_string())
        value = field->get<std::string>();
      else
        reject(name, "a string", *field);
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
  void reject(const char* name, const std::string& expected, const Json& found) {
    add_problem(fmt::format("`{}`: field `{}` must be {}, but is `{}`", subject_, name, expected,
                            found.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60)));
  }

 private:
  const Json& json_;
  std::string subject_;
  std::vector<std::string> problems_;
};

// A non-negative integer in canonical form: "7", not "07", "+7" or "7.0".
std::optional<int64_t> maybe_index(const std::string& text) {
  int64_t index = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool is_index = error == std::errc() && end == text.data() + text.size() && std::to_string(index) == text;
  return is_index && index >= 0 ? std::optional(index) : std::nullopt;
}

// A label; some folders name their classes by numbers.
std::optional<std::string> maybe_label(const Json& name) {
  if (name.is_string()) return name.get<std::string>();
  return name.is_number_integer() ? std::optional(name.dump()) : std::nullopt;
}

// The labels of `id2label`, one for each id from 0 on, all different.
void read_id2label(Reader& reader, const Json& id2label, ModelConfig& config) {
  if (!id2label.is_object() || id2label.empty())
    return reader.reject("id2label", "an object from ids to names", id2label);
  std::vector<std::string> names(id2label.size());
  for (const auto& [id, name] : id2label.items()) {
    const auto index = maybe_index(id);
    const auto label = maybe_label(name);
    if (!index || *index >= static_cast<int64_t>(names.size()) || !label)
      return reader.reject("id2label", fmt::format("an object from each id from 0 to {} to a name", names.size() - 1),
                           id2label);
    names[static_cast<size_t>(*index)] = *label;
  }
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    return reader.reject("id2label", "an object with a different name for each id", id2label);
  config.labels = std::move(names);
}

// id2label overrides other fields with the same information, as in `transformers`; contradictions become remarks.
void remark_on_labels(const Reader& reader, ModelConfig& config) {
  const Json* const count = reader.find("num_labels");
  if (count != nullptr && *count != config.labels.size())
    config.remarks.push_back(fmt::format("{}: field `num_labels` is {}, but `id2label` names {} and is used",
                                         config.subject(), count->dump().substr(0, 60), config.labels.size()));
  const Json* const label2id = reader.find("label2id");
  if (label2id == nullptr || !label2id->is_object()) return;
  std::map<std::string_view, size_t> ids;
  for (size_t id = 0; id < config.labels.size(); ++id) ids.emplace(config.labels[id], id);
  for (const auto& [label, named] : label2id->items()) {
    const auto id = ids.find(label);
    if (id == ids.end() || named == id->second || (named.is_string() && named == std::to_string(id->second))) continue;
    config.remarks.push_back(fmt::format("{}: field `label2id` gives `{}` the id {}, but `id2label` {} and is used",
                                         config.subject(), label, named.dump().substr(0, 60), id->second));
    return;
  }
}

void read_labels(Reader& reader, ModelConfig& config) {
  int64_t count = static_cast<int64_t>(config.labels.size());
  if (const Json* id2label = reader.find("id2label")) {
    read_id2label(reader, *id2label, config);
    return remark_on_labels(reader, config);
  }
  reader.read("_num_labels", count);
  reader.read("num_labels", count);
  if (count < 1 || count > 100000) return reader.reject("num_labels", "1 to 100000", count);
  config.labels.clear();
  for (int64_t i = 0; i < count; ++i) config.labels.push_back(fmt::format("LABEL_{}", i));
}

void read_problem_type(Reader& reader, ModelConfig& config) {
  reader.read("problem_type", config.problem_type);
  const std::string& type = config.problem_type;
  if (!type.empty() && type != "regression" && type != "single_label_classification" &&
      type != "multi_label_classification")
    reader.reject("problem_type", "regression, single_label_classification or multi_label_classification", type);
  if (type == "single_label_classification" && config.labels.size() == 1)
    reader.reject("problem_type", "regression for a model with one output", type);
}

std::optional<std::vector<int64_t>> maybe_indices(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  std::set<int64_t> indices;
  for (const Json& item : list) {
    if (!item.is_number_integer()) return std::nullopt;
    indices.insert(item.get<int64_t>());
  }
  return std::vector<int64_t>(indices.begin(), indices.end());
}

void read_pruned_heads(Reader& reader, ModelConfig& config) {
  const Json* pruned = reader.find("pruned_heads");
  if (pruned == nullptr || pruned->empty()) return;
  const auto reject = [&] {
    reader.reject("pruned_heads", "an object from layers to lists of heads, integers from 0", *pruned);
  };
  if (!pruned->is_object()) return reject();
  for (const auto& [layer, heads] : pruned->items()) {
    const auto index = maybe_index(layer);
    const auto removed = maybe_indices(heads);
    if (!index || !removed) return reject();
    if (!removed->empty()) config.pruned_heads[*index] = *removed;
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
  for (const char* name : {"dim", "hidden_size"}) reader.read(name, c.hidden_size);  // the general name overrides
  for (const char* name : {"n_layers", "num_hidden_layers"}) reader.read(name, c.num_hidden_layers);
  for (const char* name : {"n_heads", "num_attention_heads"}) reader.read(name, c.num_attention_heads);
  reader.read("hidden_dim", c.intermediate_size);
  reader.read("activation", c.hidden_act);
  reader.read("dropout", c.hidden_dropout_prob);
  reader.read("attention_dropout", c.attention_probs_dropout_prob);
  reader.read("qa_dropout", c.qa_dropout);
  reader.read("seq_classif_dropout", c.seq_classif_dropout);
  reader.read("sinusoidal_pos_embds", c.sinusoidal_pos_embds);
}

}  // namespace

ModelConfig config_from_json(const Json& json, const std::string& subject) {
  if (!json.is_object()) throw UserError("`{}` must hold a JSON object, but does not", subject);
  Reader reader(json, subject);
  ModelConfig c;
  c.file = subject, c.original = json;
  std::string model_type;
  reader.read("model_type", model_type);
  if (model_type.empty() && json.contains("hidden_size"))
    model_type = "bert";  // files of NVIDIA and Google do not have the field
  if (model_type != "bert" && model_type != "distilbert")
    throw UserError(
        "`{}`: field `model_type` must be bert or distilbert, but is `{}`; other architectures are not supported",
        subject, model_type);
  for (std::string& problem : find_refused_fields(json, subject)) reader.add_problem(std::move(problem));
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
  read_labels(reader, c);
  read_problem_type(reader, c);
  read_pruned_heads(reader, c);
  reader.finish();
  check_config(c, subject);
  return c;
}

}  // namespace retort::model
