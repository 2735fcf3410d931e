// Trains question answering: half the sum of the cross entropies of start and end, averaged over the features of a
// step.
#pragma once

#include "retort/task/recordable_unit.h"
#include "retort/task/squad.h"

namespace retort::task {

class SquadUnit : public RecordableUnit {
 public:
  // `dev` may be null. All arguments by reference must outlive the unit.
  SquadUnit(pretrained::LoadedModel& loaded, const SquadDataConfig& data, int64_t max_tokens_per_batch,
            const data::SquadEvaluationSet* dev)
      : RecordableUnit(loaded), data_(data), max_tokens_per_batch_(max_tokens_per_batch), dev_(dev) {}

  std::vector<train::BatchList> lists(const data::Batch& batch) const override;
  std::vector<at::Tensor> loss_sums(const kernel::TokenRows& rows) const override;
  std::vector<loss::LossTerm> terms(const loss::StepCounts& counts) const override;
  Json evaluate() override;
  std::string best_metric() const override { return "f1"; }

 private:
  const SquadDataConfig& data_;
  int64_t max_tokens_per_batch_;
  const data::SquadEvaluationSet* dev_;
};

}  // namespace retort::task
