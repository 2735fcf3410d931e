#include "retort/train/recordable.h"

namespace retort::train {

std::vector<loss::LossTerm> run_forward(const Recordable& unit, const data::Batch& batch,
                                        std::span<const uint64_t> sequence_keys, const loss::StepCounts& counts) {
  const std::vector<BatchList> lists = unit.lists(batch);
  std::vector<std::span<const int32_t>> views;
  for (const BatchList& list : lists) views.emplace_back(list.values);
  std::vector<at::Tensor> sums = unit.loss_sums(kernel::make_token_rows(batch.tokens, sequence_keys, views));
  std::vector<loss::LossTerm> terms = unit.terms(counts);
  for (size_t i = 0; i < terms.size(); ++i) terms[i].sum = std::move(sums[i]);
  return terms;
}

}  // namespace retort::train
