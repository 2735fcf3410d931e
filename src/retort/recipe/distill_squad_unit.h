// Question answering with soft targets as a training task:
//   loss = alpha_squad * span cross entropy + alpha_ce * T^2 * (KL of start + KL of end) / 2,
// averaged over the features of a step.
#pragma once

#include "retort/recipe/distill_squad.h"
#include "retort/recipe/squad_unit.h"
#include "retort/recipe/teacher_targets.h"

namespace retort::recipe {

class DistillSquadUnit final : public SquadUnit {
 public:
  // `targets` gives logits [T, 2]; it may be empty when alpha_ce is 0. What is referred to must outlive the unit.
  DistillSquadUnit(LoadedModel& student, TeacherTargets targets, const SoftTargetConfig& distillation,
                   const SquadDataConfig& data, int64_t max_tokens_per_batch, const data::SquadEvaluationSet* dev)
      : SquadUnit(student, data, max_tokens_per_batch, dev),
        targets_(std::move(targets)),
        distillation_(distillation) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;

 private:
  TeacherTargets targets_;
  const SoftTargetConfig& distillation_;
};

}  // namespace retort::recipe
