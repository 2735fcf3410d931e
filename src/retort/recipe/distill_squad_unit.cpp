#include "retort/recipe/distill_squad_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"

namespace retort::recipe {

std::vector<loss::LossTerm> DistillSquadUnit::forward(const data::Batch& batch,
                                                      std::span<const uint64_t> sequence_keys) {
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys);
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [T, 2]
  loss::LossTerm hard = loss::span_loss(logits, rows.starts, batch.labels[0], batch.labels[1]);
  hard.name = "loss_squad", hard.weight = distillation_.alpha_squad;
  if (!distillation_.needs_teacher()) return {std::move(hard)};
  loss::LossTerm soft =
      loss::soft_span_loss(logits, targets_(batch, sequence_keys).logits, rows.starts, distillation_.temperature);
  soft.weight = distillation_.alpha_ce;
  return {std::move(hard), std::move(soft)};
}

}  // namespace retort::recipe
