// What of a teacher's inside a student learns: the settings, held against the shapes of both models.
#pragma once

#include "retort/distill/state_distillation_config.h"
#include "retort/distill/teacher_targets.h"
#include "retort/loss/state_losses.h"

namespace retort::distill {

struct StatePlan {
  enum class State { kAttention, kHidden, kEmbedding, kValue };
  struct Part {
    State state;
    kernel::Distance distance;
    double weight;
  };

  std::vector<LayerPair> pairs = {};
  std::vector<Part> parts = {};
  int64_t hidden_width = 0;  // in which hidden states are compared: the teacher's
  model::ForwardOptions student_options = {};
  StateSelection teacher_states = {};

  bool learns(State state) const;
};

// Throws UserError when the models cannot be compared as configured.
StatePlan plan_states(const StateDistillationConfig& config, const model::ModelConfig& student,
                      const model::ModelConfig& teacher);

// Of the projection that hidden states of these two go through: the teacher's hidden size; 0 where the widths are
// equal.
int64_t projection_width(const model::ModelConfig& student, const model::ModelConfig& teacher);

}  // namespace retort::distill
