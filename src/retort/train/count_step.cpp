#include "retort/train/count_step.h"

namespace retort::train {

loss::StepCounts count_step(const data::StepBatch& step) {
  loss::StepCounts counts;
  for (const data::Batch& batch : step.micro_batches) {
    counts.add_sequences(batch.tokens.starts);
    counts.labelled_tokens += static_cast<double>(data::labelled_tokens(batch).size());
  }
  return counts;
}

}  // namespace retort::train
