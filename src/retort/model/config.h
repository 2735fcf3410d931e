// The encoder configuration of BERT and DistilBERT, as in `config.json` of a Hugging Face model folder.
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
  bool sinusoidal_pos_embds = false;  // DistilBERT: position embeddings fixed to the sinusoidal table
  bool tie_word_embeddings = true;
  std::vector<std::string> labels{"LABEL_0", "LABEL_1"};  // id2label in order; one label: regression
  std::string problem_type =
      {};  // regression, single_label_classification or multi_label_classification; "": not given
  std::map<int64_t, std::vector<int64_t>> pruned_heads;  // layer -> original indices of removed heads, sorted
  std::string file = {};                                 // path of the config.json, for messages; "": none
  Json original = Json::object();                        // the whole file: fields not read here are written again
  std::vector<std::string> remarks = {};                 // warnings for the user: fields that contradict each other

  int64_t head_width() const { return hidden_size / num_attention_heads; }
  int64_t heads_of_layer(int64_t layer) const;
  // "`DIR/config.json`", or "the model" for a configuration that was not read from a file.
  std::string subject() const { return file.empty() ? "the model" : "`" + file + "`"; }
  // Changes the task: new class names, or one name for regression; removes the notes about the old task.
  void set_labels(std::vector<std::string> names);
};

// The JSON that `transformers` reads; `architecture` is the class name, for example BertForQuestionAnswering. Fields of
// the original file that are not read here keep their places.
Json config_to_json(const ModelConfig& config, const std::string& architecture);

// Throws UserError for invalid sizes; config_from_json calls it, and so must code that builds a configuration
// otherwise.
void check_config(const ModelConfig& config, const std::string& subject);

}  // namespace retort::model
