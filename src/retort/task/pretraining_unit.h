// BERT's pre-training as a training task (Devlin et al. 2019, 3.1):
//   loss = cross entropy of the masked tokens, averaged over the masked tokens of a step
//        + cross entropy of the next-sentence label, averaged over the sequences of a step.
// The published programs average over each micro-batch first; here the cut into micro-batches changes nothing.
#pragma once

#include "retort/task/pretraining_config.h"
#include "retort/task/recordable_unit.h"

namespace retort::task {

// {"loss", "mlm_loss", "nsp_loss", "masked_accuracy", "next_sentence_accuracy", "masked_tokens", "eval_..."} of labeled
// pairs; losses are mean cross entropies in nats.
Json evaluate_pretraining(const model::Model& model, const data::RowSet& pairs, int64_t max_tokens_per_batch);

class PretrainingUnit final : public RecordableUnit {
 public:
  // `loaded` has the head kPreTraining; `held_out` may be null. With `dense_sequence_output` only masked tokens go
  // through the masked-LM head, which changes no result. What is referred to must outlive the unit.
  PretrainingUnit(pretrained::LoadedModel& loaded, bool dense_sequence_output, const data::RowSet* held_out,
                  int64_t max_tokens_per_batch)
      : RecordableUnit(loaded),
        dense_sequence_output_(dense_sequence_output),
        held_out_(held_out),
        max_tokens_per_batch_(max_tokens_per_batch) {}

  std::vector<train::BatchList> lists(const data::Batch& batch) const override;
  std::vector<at::Tensor> loss_sums(const kernel::TokenRows& rows) const override;
  std::vector<loss::LossTerm> terms(const loss::StepCounts& counts) const override;
  Json evaluate() override;
  std::string best_metric() const override { return "masked_accuracy"; }

 private:
  bool dense_sequence_output_;
  const data::RowSet* held_out_;
  int64_t max_tokens_per_batch_;
};

}  // namespace retort::task
