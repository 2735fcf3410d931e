// The states of a teacher that a student is trained to match, from the settings and the shapes of both models.
#pragma once

#include "retort/distill/state_distillation_config.h"
#include "retort/distill/teacher_targets.h"
#include "retort/loss/state_losses.h"

namespace retort::distill {

struct StatePlan {
  enum class State { kAttention, kHidden, kEmbedding, kValue };
  struct Term {
    State state;
    kernel::Distance distance;
    double weight;
  };

  std::vector<LayerPair> pairs = {};
  std::vector<Term> terms = {};
  int64_t hidden_width = 0;  // the teacher's hidden size, in which hidden states are compared
  model::ForwardOptions student_options = {};
  StateSelection teacher_states = {};

  bool compares(State state) const;
};

// Throws UserError when the models cannot be compared as configured.
StatePlan plan_states(const StateDistillationConfig& config, const model::ModelConfig& student,
                      const model::ModelConfig& teacher);

// Returns the output size of the projection of hidden states: the teacher's hidden size; 0 when the sizes are equal.
int64_t projection_width(const model::ModelConfig& student, const model::ModelConfig& teacher);

}  // namespace retort::distill
