#include "retort/distill/backbone_unit.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

#include "retort/kernel/token_rows.h"
#include "retort/model/names.h"

namespace retort::distill {

namespace {

using State = StatePlan::State;

// Returns the output of a layer (-1: of the embeddings) from a forward pass that kept all hidden states or only the
// last.
const at::Tensor& hidden_state(const model::ModelOutput& output, int64_t layer) {
  return output.hidden_states.size() == 1 ? output.hidden_states.back() : output.hidden_states.at(layer + 1);
}

// Returns the name in the published program's logs.
const char* name_of(State state) {
  switch (state) {
    case State::kAttention:
      return "att_loss";
    case State::kValue:
      return "value_loss";
    case State::kHidden:
      return "rep_loss";
    case State::kEmbedding:
      break;
  }
  return "emb_loss";
}

}  // namespace

BackboneUnit::BackboneUnit(pretrained::LoadedModel& student, StatePlan plan, TeacherTargets targets)
    : pretrained::ModelUnit(student), plan_(std::move(plan)), targets_(std::move(targets)) {
  freeze_unused_parameters();
}

// Freezes the parameters that no loss reaches, which weight decay would otherwise shrink: the pooler, an unused
// projection, the layers above the highest compared one and, where only the attention of that layer is compared, its
// parameters after the attention. (Its value projection shares a tensor with those of query and key, and is decayed
// when only scores are compared.)
void BackboneUnit::freeze_unused_parameters() {
  const model::ModelConfig& config = model().config();
  int64_t highest = -1, highest_output = -1;
  for (const StatePlan::Term& term : plan_.terms)
    for (const LayerPair& pair : plan_.pairs) {
      if (term.state == State::kEmbedding) continue;
      highest = std::max(highest, pair.student);
      highest_output = std::max(highest_output, pair.student - (term.state == State::kHidden ? 0 : 1));
    }
  std::vector<std::string> unused{"pooler.dense"};
  if (!plan_.compares(State::kHidden) && !plan_.compares(State::kEmbedding)) unused.push_back(model::kProjection);
  for (int64_t layer = highest_output + 1; layer < config.num_hidden_layers; ++layer) {
    const model::LayerNames names = model::layer_names(config.family, "", layer);
    for (const std::string& name :
         {names.attention_output, names.attention_norm, names.intermediate, names.output, names.output_norm})
      unused.push_back(name);
    if (layer > highest)
      for (const std::string& name : {names.query, names.key, names.value}) unused.push_back(name);
  }
  for (const std::string& name : unused)
    for (const char* kind : {".weight", ".bias"})
      if (parameters().find(name + kind) != nullptr) parameters().freeze(name + kind);
}

loss::LossSum BackboneUnit::compare(const StatePlan::Term& term, size_t pair, const model::ModelOutput& student,
                                    const model::ModelOutput& targets, const kernel::TokenRows& rows) const {
  const auto [layer, other] = plan_.pairs[pair];
  const int64_t heads = model().config().heads_of_layer(layer);
  switch (term.state) {
    case State::kAttention:
      return loss::attention_score_loss(student.attention[pair].qkv, targets.attention[pair].qkv, rows, heads,
                                        term.distance);
    case State::kValue:
      return loss::context_loss(student.attention[pair].context, targets.attention[pair].context, rows, heads,
                                term.distance);
    case State::kHidden:
      return loss::hidden_state_loss(model().project(hidden_state(student, layer)), hidden_state(targets, other),
                                     term.distance);
    case State::kEmbedding:
      break;
  }
  return loss::hidden_state_loss(model().project(hidden_state(student, -1)), hidden_state(targets, -1), term.distance);
}

std::vector<loss::LossTerm> BackboneUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                                  const loss::StepCounts& counts) {
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys);
  const model::ModelOutput targets = targets_(batch, sequence_keys);
  const model::ModelOutput student = model().forward(rows, plan_.student_options);
  std::vector<loss::LossTerm> terms;
  for (const StatePlan::Term& term : plan_.terms) {
    const loss::LossSum first = compare(term, 0, student, targets, rows);
    at::Tensor sum = first.sum;
    if (term.state != State::kEmbedding)
      for (size_t pair = 1; pair < plan_.pairs.size(); ++pair) {
        const loss::LossSum next = compare(term, pair, student, targets, rows);
        sum = sum + next.sum * (first.count / next.count);  // 1, except for pruned heads
      }
    terms.push_back({name_of(term.state), std::move(sum), divisor(term, counts), term.weight});
  }
  return terms;
}

double BackboneUnit::divisor(const StatePlan::Term& term, const loss::StepCounts& counts) const {
  const model::ModelConfig& config = model().config();
  const int64_t heads = config.heads_of_layer(plan_.pairs[0].student);
  const bool is_context = term.state == State::kValue && term.distance != kernel::Distance::kDivergence;
  if (is_context) return loss::row_count(counts, heads * config.head_width(), term.distance);
  if (term.state == State::kAttention || term.state == State::kValue)
    return loss::score_count(counts, heads, term.distance);
  return loss::row_count(counts, plan_.hidden_width, term.distance);
}

}  // namespace retort::distill
