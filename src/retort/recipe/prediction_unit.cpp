#include "retort/recipe/prediction_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"

namespace retort::recipe {

std::vector<loss::LossTerm> GluePredictionUnit::forward(const data::Batch& batch,
                                                        std::span<const uint64_t> sequence_keys) {
  const at::Tensor logits =
      model().forward(kernel::make_token_rows(batch.tokens, sequence_keys), {.is_training = true}).logits;  // [B, C]
  loss::LossTerm term = is_regression_
                            ? loss::squared_error(logits, batch.targets)
                            : loss::soft_cross_entropy(logits, targets_(batch, sequence_keys).logits, temperature_);
  term.name = "cls_loss";
  return {std::move(term)};
}

std::vector<double> GluePredictionUnit::step_counts(const data::StepBatch& step) {
  return {static_cast<double>(step.sequence_count * static_cast<int64_t>(model().config().labels.size()))};
}

std::vector<loss::LossTerm> SquadPredictionUnit::forward(const data::Batch& batch,
                                                         std::span<const uint64_t> sequence_keys) {
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys);
  loss::LossTerm term = loss::soft_span_cross_entropy(model().forward(rows, {.is_training = true}).logits,
                                                      targets_(batch, sequence_keys).logits, rows.starts, temperature_);
  term.name = "cls_loss";
  return {std::move(term)};
}

}  // namespace retort::recipe
