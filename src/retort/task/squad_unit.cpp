#include "retort/task/squad_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"

namespace retort::task {

std::vector<loss::LossTerm> SquadUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                               const loss::StepCounts& counts) {
  const kernel::TokenRows rows =
      kernel::make_token_rows(batch.tokens, sequence_keys, {batch.labels[0], batch.labels[1]});
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [T, 2]
  return {{"loss", loss::span_loss(logits, rows, rows.lists[0], rows.lists[1]).sum, counts.sequences}};
}

Json SquadUnit::evaluate() {
  if (dev_ == nullptr) return Json::object();
  return evaluate_dev(loaded(), data_, *dev_, max_tokens_per_batch_);
}

}  // namespace retort::task
