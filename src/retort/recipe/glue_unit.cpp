#include "retort/recipe/glue_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/metric/glue_scores.h"

namespace retort::recipe {

std::vector<loss::LossTerm> GlueUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) {
  const at::Tensor logits =
      model().forward(kernel::make_token_rows(batch.tokens, sequence_keys), {.is_training = true}).logits;  // [B, C]
  return {data_.task().is_regression() ? loss::squared_error(logits, batch.targets)
                                       : loss::cross_entropy(logits, batch.labels[0])};
}

std::string GlueUnit::best_metric() const { return metric::glue_main_score(data_.task()); }

EvaluationRun GlueUnit::evaluation_run() const {
  return {.max_tokens_per_batch = training_.micro_batch_tokens(),
          .max_sequences_per_batch = data_.per_device_eval_batch_size};
}

}  // namespace retort::recipe
