#include "retort/task/distill_squad_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"

namespace retort::task {

std::vector<loss::LossTerm> DistillSquadUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                                      const loss::StepCounts& counts) {
  const kernel::TokenRows rows =
      kernel::make_token_rows(batch.tokens, sequence_keys, {batch.labels[0], batch.labels[1]});
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [T, 2]
  const loss::LossSum hard = loss::span_loss(logits, rows, rows.lists[0], rows.lists[1]);
  std::vector<loss::LossTerm> terms{{"loss_squad", hard.sum, counts.sequences, distillation_.alpha_squad}};
  if (!distillation_.needs_teacher()) return terms;
  const loss::LossSum soft =
      loss::soft_span_loss(logits, targets_(batch, sequence_keys).logits, rows, distillation_.temperature);
  terms.push_back({"loss_ce", soft.sum, counts.sequences, distillation_.alpha_ce});
  return terms;
}

}  // namespace retort::task
