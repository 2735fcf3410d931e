#include "retort/recipe/squad_unit.h"

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"

namespace retort::recipe {

std::vector<loss::LossTerm> SquadUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) {
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys);
  const at::Tensor logits = model().forward(rows, {.is_training = true}).logits;  // [T, 2]
  return {loss::span_loss(logits, rows.starts, batch.labels[0], batch.labels[1])};
}

Json SquadUnit::evaluate() {
  if (dev_ == nullptr) return Json::object();
  return score_squad_evaluation(*dev_, predict(*dev_), data_.features.version_2_with_negative, data_.dev_file);
}

SquadEvaluation SquadUnit::predict(const data::SquadEvaluationSet& set) const {
  decode::SquadDecodeOptions decoding = data_.decoding;
  decoding.version_2_with_negative = data_.features.version_2_with_negative;
  return predict_squad(
      model(), set, tokenizer(), decoding,
      {.max_tokens_per_batch = max_tokens_per_batch_, .max_sequences_per_batch = data_.per_device_eval_batch_size});
}

}  // namespace retort::recipe
