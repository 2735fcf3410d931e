#include "retort/task/squad_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"

namespace retort::task {

std::vector<train::BatchList> SquadUnit::lists(const data::Batch& batch) const {
  return {{batch.labels[0]}, {batch.labels[1]}};
}

std::vector<at::Tensor> SquadUnit::loss_sums(const kernel::TokenRows& rows) const {
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [T, 2]
  return {loss::span_loss(logits, rows, rows.lists[0], rows.lists[1]).sum};
}

std::vector<loss::LossTerm> SquadUnit::terms(const loss::StepCounts& counts) const {
  return {{.name = "loss", .divisor = counts.sequences}};
}

Json SquadUnit::evaluate() {
  if (dev_ == nullptr) return Json::object();
  return evaluate_dev(loaded(), data_, *dev_, max_tokens_per_batch_);
}

}  // namespace retort::task
