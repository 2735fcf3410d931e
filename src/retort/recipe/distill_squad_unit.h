// Question answering with soft targets as a training task:
//   loss = alpha_squad * span cross entropy + alpha_ce * T^2 * (KL of start + KL of end) / 2,
// averaged over the features of a step.
#pragma once

#include "retort/recipe/distill_squad.h"
#include "retort/recipe/squad_unit.h"

namespace retort::recipe {

class DistillSquadUnit final : public SquadUnit {
 public:
  // What is referred to must outlive the unit. Throws UserError when teacher and student do not belong together.
  DistillSquadUnit(LoadedModel& student, LoadedModel& teacher, const SoftTargetConfig& distillation,
                   const SquadDataConfig& data, int64_t max_tokens_per_batch, const data::SquadEvaluationSet* dev);

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;

 private:
  const model::Model& student_;
  const model::Model& teacher_;
  const SoftTargetConfig& distillation_;
};

}  // namespace retort::recipe
