#include "retort/task/glue_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/metric/glue_scores.h"

namespace retort::task {

std::vector<loss::LossTerm> GlueUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                              const loss::StepCounts& counts) {
  const bool is_regression = data_.task().is_regression();
  const std::vector<int32_t> answers = is_regression ? kernel::bits_of(batch.targets) : batch.labels[0];
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys, {answers});
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [B, C]
  const loss::LossSum loss = is_regression ? loss::squared_error(logits, rows.lists[0].float_tensor())
                                           : loss::cross_entropy(logits, rows.lists[0]);
  return {{"loss", loss.sum, counts.sequences}};
}

std::string GlueUnit::best_metric() const { return metric::glue_main_score(data_.task()); }

Json GlueUnit::evaluate() {
  return evaluate_glue_dev(model(), dev_, glue_evaluation_run(data_, training_.micro_batch_tokens()), /*folder=*/{});
}

}  // namespace retort::task
