#include "retort/task/glue_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/metric/glue_scores.h"

namespace retort::task {

std::vector<loss::LossTerm> GlueUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                              const loss::StepCounts& counts) {
  const at::Tensor logits =
      model().forward(kernel::make_token_rows(batch.tokens, sequence_keys), {.is_training = true}).logits;  // [B, C]
  const loss::LossSum loss = data_.task().is_regression() ? loss::squared_error(logits, batch.targets)
                                                          : loss::cross_entropy(logits, batch.labels[0]);
  return {{"loss", loss.sum, counts.sequences}};
}

std::string GlueUnit::best_metric() const { return metric::glue_main_score(data_.task()); }

Json GlueUnit::evaluate() {
  return evaluate_glue_dev(model(), dev_, glue_evaluation_run(data_, training_.micro_batch_tokens()), /*folder=*/{});
}

}  // namespace retort::task
