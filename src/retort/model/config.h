// The configuration of an encoder, as `config.json` of a Hugging Face model folder holds it, for BERT and DistilBERT.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "retort/base/json.h"

namespace retort::model {

enum class Family { kBert, kDistilBert };

struct ModelConfig {
  Family family = Family::kBert;
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  double qa_dropout = 0.1;           // DistilBERT
  double seq_classif_dropout = 0.2;  // DistilBERT
  double classifier_dropout = -1;    // BERT; -1: hidden_dropout_prob
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;  // BERT; DistilBERT has no token types (0)
  double initializer_range = 0.02;
  double layer_norm_eps = 1e-12;
  int64_t pad_token_id = 0;
  bool sinusoidal_pos_embds = false;  // DistilBERT: positions fixed to the sinusoidal table
  bool tie_word_embeddings = true;
  std::vector<std::string> labels{"LABEL_0", "LABEL_1"};  // id2label in order; one label: regression
  std::string problem_type = {};  // regression, single_label_classification or multi_label_classification; "": not said
  std::map<int64_t, std::vector<int64_t>> pruned_heads;  // layer -> original indices of removed heads, sorted
  std::string file = {};                                 // config.json that this came from, for messages; "": none
  Json original = Json::object();                        // all that stood there: what is not ours is written again
  std::vector<std::string> remarks = {};                 // what a user should know of it: fields that disagree

  int64_t head_width() const { return hidden_size / num_attention_heads; }
  int64_t heads_of_layer(int64_t layer) const;
  // "`DIR/config.json`", or "the model" of a configuration made otherwise.
  std::string subject() const { return file.empty() ? "the model" : "`" + file + "`"; }
  // Makes it one for another task: its classes, or one name for regression; what was noted of the old one is forgotten.
  void set_labels(std::vector<std::string> names);
};

// Reads and checks `config.json`; `subject` is its path for messages. Throws one UserError that lists every problem:
// missing model_type, another architecture, heads that do not divide the hidden size, sizes that are not positive or
// absurdly large, an unknown activation, fields that ask for what is not computed here (config_fields.h).
ModelConfig config_from_json(const Json& json, const std::string& subject);

// The form `transformers` reads; `architecture` is the class name, for example BertForQuestionAnswering. Fields of the
// original that are not this program's stay in their places.
Json config_to_json(const ModelConfig& config, const std::string& architecture);

// Throws UserError when the sizes make no model; called by config_from_json and for configurations made otherwise.
void check_config(const ModelConfig& config, const std::string& subject);

}  // namespace retort::model
