#include "retort/task/glue_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/metric/glue_scores.h"

namespace retort::task {

std::vector<train::BatchList> GlueUnit::lists(const data::Batch& batch) const {
  return {{task().is_regression() ? kernel::bits_of(batch.targets) : batch.labels[0]}};
}

std::vector<at::Tensor> GlueUnit::loss_sums(const kernel::TokenRows& rows) const {
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [B, C]
  return {task().is_regression() ? loss::squared_error(logits, rows.lists[0].float_tensor()).sum
                                 : loss::cross_entropy(logits, rows.lists[0]).sum};
}

std::vector<loss::LossTerm> GlueUnit::terms(const loss::StepCounts& counts) const {
  return {{.name = "loss", .divisor = counts.sequences}};
}

std::string GlueUnit::best_metric() const { return metric::glue_main_score(data_.task()); }

Json GlueUnit::evaluate() {
  return evaluate_glue_dev(model(), dev_, glue_evaluation_run(data_, training_.micro_batch_tokens()), /*folder=*/{});
}

}  // namespace retort::task
