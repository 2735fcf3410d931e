#include "retort/recipe/backbone_unit.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/kernel/rows.h"

namespace retort::recipe {

namespace {

// The output of a layer, from a forward pass that kept all hidden states or only the last; layer -1: of the embeddings.
const at::Tensor& hidden_state(const model::ModelOutput& output, int64_t layer) {
  return output.hidden_states.size() == 1 ? output.hidden_states.back() : output.hidden_states.at(layer + 1);
}

}  // namespace

int64_t BackboneUnit::projection_width(const StateDistillationConfig& config, int64_t student_width,
                                       int64_t teacher_width) {
  const bool is_needed = config.use_hidden_states || config.use_embedding_states;
  return is_needed && student_width != teacher_width ? teacher_width : 0;
}

BackboneUnit::BackboneUnit(LoadedModel& student, const Teacher& teacher, const StateDistillationConfig& config)
    : student_(student), teacher_(teacher) {
  config.check_backbone();
  const int64_t own_layers = student.model->config().num_hidden_layers,
                layers = teacher.model().config().num_hidden_layers;
  pairs_ = map_layers(config, own_layers, layers);
  const double share = config.average_loss ? 1.0 / static_cast<double>(pairs_.size()) : 1;
  add_part(State::kAttention, config.use_attention_scores, config.attention_loss, share * config.attention_weight);
  add_part(State::kHidden, config.use_hidden_states, config.hidden_state_loss, share * config.hidden_state_weight);
  add_part(State::kEmbedding, config.use_embedding_states, config.embedding_state_loss, config.embedding_state_weight);
  add_part(State::kValue, config.use_value_states, config.value_state_loss, share * config.value_state_weight);
  const bool is_last = pairs_.size() == 1 && pairs_[0].student == own_layers - 1 && pairs_[0].teacher == layers - 1;
  const bool keeps_hidden = learns(State::kEmbedding) || (learns(State::kHidden) && !is_last);
  student_options_ = {.is_training = true, .keep_hidden_states = keeps_hidden};
  teacher_options_ = {.keep_hidden_states = keeps_hidden};
  if (learns(State::kAttention) || learns(State::kValue)) {
    check_heads();
    for (const LayerPair& pair : pairs_) {
      student_options_.attention_layers.push_back(pair.student);
      teacher_options_.attention_layers.push_back(pair.teacher);
    }
  }
  check_context_widths();
  // Not trained by any of these losses, and not to be decayed either.
  for (const char* name : {"pooler.dense.weight", "pooler.dense.bias"})
    if (parameters().find(name) != nullptr) parameters().freeze(name);
}

void BackboneUnit::add_part(State state, bool is_used, const std::string& distance, double weight) {
  if (is_used && weight > 0) parts_.push_back({state, loss::parse_state_distance(distance), weight});
}

bool BackboneUnit::learns(State state) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part.state == state; });
}

void BackboneUnit::check_heads() const {
  for (const LayerPair& pair : pairs_) {
    const int64_t own = student_.model->config().heads_of_layer(pair.student),
                  others = teacher_.model().config().heads_of_layer(pair.teacher);
    if (own != others)
      throw UserError(
          "`teacher` must have as many attention heads as the student, {}, for attention scores and value relations, "
          "but has {} in layer {}; take a student with as many, or --use_attention_scores false --use_value_states "
          "false",
          own, others, pair.teacher);
  }
}

void BackboneUnit::check_context_widths() const {
  const int64_t own = student_.model->config().hidden_size, others = teacher_.model().config().hidden_size;
  for (const Part& part : parts_)
    if (part.state == State::kValue && part.distance != loss::StateDistance::kDivergence && own != others)
      throw UserError(
          "`value_state_loss` must be kld for a student of another width than the teacher ({} and {}), but compares "
          "the states themselves",
          own, others);
}

loss::LossTerm BackboneUnit::compare(const Part& part, size_t pair, const model::ModelOutput& own,
                                     const model::ModelOutput& targets, const kernel::Rows& rows) const {
  const auto [layer, other] = pairs_[pair];
  const int64_t heads = student_.model->config().heads_of_layer(layer);
  switch (part.state) {
    case State::kAttention:
      return loss::attention_score_loss(own.attention[pair].qkv, targets.attention[pair].qkv, rows, heads,
                                        part.distance);
    case State::kValue:
      return loss::context_loss(own.attention[pair].context, targets.attention[pair].context, rows, heads,
                                part.distance);
    case State::kHidden:
      return loss::hidden_state_loss(student_.model->project(hidden_state(own, layer)), hidden_state(targets, other),
                                     part.distance);
    case State::kEmbedding:
      break;
  }
  loss::LossTerm term =
      loss::hidden_state_loss(student_.model->project(hidden_state(own, -1)), hidden_state(targets, -1), part.distance);
  term.name = "emb_loss";
  return term;
}

std::vector<loss::LossTerm> BackboneUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) {
  const kernel::Rows rows = kernel::make_rows(batch.tokens, sequence_keys);
  const model::ModelOutput targets = teacher_.forward(batch, sequence_keys, teacher_options_);
  const model::ModelOutput own = student_.model->forward(rows, student_options_);
  std::vector<loss::LossTerm> terms;
  for (const Part& part : parts_) {
    loss::LossTerm term = compare(part, 0, own, targets, rows);
    if (part.state != State::kEmbedding)
      for (size_t pair = 1; pair < pairs_.size(); ++pair) {
        const loss::LossTerm next = compare(part, pair, own, targets, rows);
        term.sum = term.sum + next.sum * (term.count / next.count);  // 1, but where heads are pruned
      }
    term.weight = part.weight;
    terms.push_back(std::move(term));
  }
  return terms;
}

double BackboneUnit::count(const Part& part, std::span<const int32_t> starts) const {
  const model::ModelConfig& config = student_.model->config();
  const int64_t heads = config.heads_of_layer(pairs_[0].student);
  const bool is_context = part.state == State::kValue && part.distance != loss::StateDistance::kDivergence;
  if (is_context) return loss::row_count(starts, heads * config.head_width(), part.distance);
  if (part.state == State::kAttention || part.state == State::kValue)
    return loss::score_count(starts, heads, part.distance);
  return loss::row_count(starts, teacher_.model().config().hidden_size, part.distance);
}

std::vector<double> BackboneUnit::step_counts(const data::StepBatch& step) {
  std::vector<double> counts;
  for (const Part& part : parts_) {
    double total = 0;
    for (const data::Batch& batch : step.micro_batches) total += count(part, batch.tokens.starts);
    counts.push_back(total);
  }
  return counts;
}

}  // namespace retort::recipe
