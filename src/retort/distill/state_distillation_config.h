// Which states of a teacher a student is trained to match and by which distances, as flags and as JSON:
//   {"distillation": true, "distillation_config": {"use_attention_scores": true, "attention_loss": "kld", ...}}
// The keys of "distillation_config" are the flags of the section "States".
#pragma once

#include <string>
#include <vector>

#include "retort/base/fields.h"

namespace retort::distill {

// Layer `student` is trained to match layer `teacher`, both from 0.
struct LayerPair {
  int64_t student, teacher;
};

struct StateDistillationConfig {
  std::string distill_config;
  bool use_attention_scores = true, use_hidden_states = true, use_value_states = true;
  bool use_embedding_states = false, use_pred_states = false;
  std::string attention_loss = "kld", hidden_state_loss = "cosine", embedding_state_loss = "cosine",
              value_state_loss = "kld";
  std::string student_teacher_layer_mapping = "last_layer";
  std::vector<int64_t> student_layers, teacher_layers;
  double attention_weight = 1, hidden_state_weight = 1, embedding_state_weight = 1, value_state_weight = 1;
  bool average_loss = false;

  void fields(FieldList& list);
  // Returns whether the student's hidden states are compared, which needs a projection when the teacher's hidden size
  // differs.
  bool compares_hidden_states() const { return use_hidden_states || use_embedding_states; }
  // Throws UserError when the settings are not those of internal states (`distill backbone`) or of predictions
  // (`distill prediction`), or when no state has a weight.
  void check_backbone() const;
  void check_prediction() const;
};

// Returns the pairs of layers that the settings name for models with these numbers of layers: the last layers; with
// "uniform", student layer i and teacher layer i * k + k - 1, where the teacher has k times as many layers; or the
// explicit lists. Throws UserError for layers that do not exist.
std::vector<LayerPair> map_layers(const StateDistillationConfig& config, int64_t student_layers,
                                  int64_t teacher_layers);

}  // namespace retort::distill
