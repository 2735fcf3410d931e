#include "retort/task/prediction_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"
#include "retort/metric/glue_scores.h"

namespace retort::task {

std::vector<loss::LossTerm> GluePredictionUnit::forward(const data::Batch& batch,
                                                        std::span<const uint64_t> sequence_keys,
                                                        const loss::StepCounts& counts) {
  const std::vector<int32_t> answers = kernel::bits_of(batch.targets);
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys, {answers});
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [B, C]
  const loss::LossSum loss =
      is_regression_ ? loss::squared_error(logits, rows.lists[0].float_tensor())
                     : loss::soft_cross_entropy(logits, targets_(batch, sequence_keys).logits, temperature_);
  const auto classes = static_cast<double>(model().config().labels.size());
  return {{"cls_loss", loss.sum, counts.sequences * classes}};
}

std::string GluePredictionUnit::best_metric() const { return metric::glue_student_score(task()); }

std::vector<loss::LossTerm> SquadPredictionUnit::forward(const data::Batch& batch,
                                                         std::span<const uint64_t> sequence_keys,
                                                         const loss::StepCounts& counts) {
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys);
  const loss::LossSum loss = loss::soft_span_cross_entropy(model().forward(rows, {.is_training = true}).logits,
                                                           targets_(batch, sequence_keys).logits, rows, temperature_);
  return {{"cls_loss", loss.sum, counts.tokens}};
}

}  // namespace retort::task
