#include "retort/distill/state_plan.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::distill {

namespace {

using State = StatePlan::State;

std::vector<StatePlan::Term> loss_terms(const StateDistillationConfig& config, size_t pairs) {
  std::vector<StatePlan::Term> terms;
  const double share = config.average_loss ? 1.0 / static_cast<double>(pairs) : 1;
  const auto add = [&](State state, bool is_used, const std::string& distance, double weight) {
    if (is_used && weight > 0) terms.push_back({state, loss::parse_state_distance(distance), weight});
  };
  add(State::kAttention, config.use_attention_scores, config.attention_loss, share * config.attention_weight);
  add(State::kHidden, config.use_hidden_states, config.hidden_state_loss, share * config.hidden_state_weight);
  add(State::kEmbedding, config.use_embedding_states, config.embedding_state_loss, config.embedding_state_weight);
  add(State::kValue, config.use_value_states, config.value_state_loss, share * config.value_state_weight);
  return terms;
}

void check_heads(const StatePlan& plan, const model::ModelConfig& student, const model::ModelConfig& teacher) {
  for (const LayerPair& pair : plan.pairs) {
    const int64_t student_heads = student.heads_of_layer(pair.student),
                  teacher_heads = teacher.heads_of_layer(pair.teacher);
    if (student_heads != teacher_heads)
      throw UserError(
          "`teacher` must have the student's number of attention heads, {}, for attention scores and value relations, "
          "but has {} in layer {}; choose a student with that number, or --use_attention_scores false "
          "--use_value_states false",
          student_heads, teacher_heads, pair.teacher);
  }
}

void check_context_widths(const StatePlan& plan, const model::ModelConfig& student, const model::ModelConfig& teacher) {
  const auto width = [](const model::ModelConfig& config, int64_t layer) {
    return config.heads_of_layer(layer) * config.head_width();
  };
  for (const StatePlan::Term& term : plan.terms)
    for (const LayerPair& pair : plan.pairs)
      if (term.state == State::kValue && term.distance != kernel::Distance::kDivergence &&
          width(student, pair.student) != width(teacher, pair.teacher))
        throw UserError(
            "`value_state_loss` must be kld when the context widths of student and teacher differ ({} and {}), but "
            "compares the states themselves",
            width(student, pair.student), width(teacher, pair.teacher));
}

}  // namespace

bool StatePlan::compares(State state) const {
  return std::any_of(terms.begin(), terms.end(), [&](const Term& term) { return term.state == state; });
}

StatePlan plan_states(const StateDistillationConfig& config, const model::ModelConfig& student,
                      const model::ModelConfig& teacher) {
  config.check_backbone();
  StatePlan plan;
  plan.pairs = map_layers(config, student.num_hidden_layers, teacher.num_hidden_layers);
  plan.terms = loss_terms(config, plan.pairs.size());
  plan.hidden_width = teacher.hidden_size;
  plan.teacher_states.has_scores = plan.compares(State::kAttention);
  plan.teacher_states.has_contexts = plan.compares(State::kValue);
  const bool keeps_attention = plan.teacher_states.has_scores || plan.teacher_states.has_contexts;
  if (keeps_attention) check_heads(plan, student, teacher);
  check_context_widths(plan, student, teacher);

  plan.student_options = {.is_training = true, .keep_hidden_states = plan.compares(State::kEmbedding)};
  if (plan.compares(State::kEmbedding)) plan.teacher_states.hidden_layers.push_back(-1);
  for (const LayerPair& pair : plan.pairs) {
    if (plan.compares(State::kHidden)) {
      plan.teacher_states.hidden_layers.push_back(pair.teacher);
      plan.student_options.keep_hidden_states |= pair.student != student.num_hidden_layers - 1;
    }
    if (!keeps_attention) continue;
    plan.student_options.attention_layers.push_back(pair.student);
    plan.teacher_states.attention_layers.push_back(pair.teacher);
  }
  return plan;
}

int64_t projection_width(const model::ModelConfig& student, const model::ModelConfig& teacher) {
  return student.hidden_size != teacher.hidden_size ? teacher.hidden_size : 0;
}

}  // namespace retort::distill
