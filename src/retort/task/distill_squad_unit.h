// Trains question answering with soft targets:
//   loss = alpha_squad * span cross entropy + alpha_ce * T^2 * (KL of start + KL of end) / 2,
// averaged over the features of a step.
#pragma once

#include "retort/distill/soft_target_config.h"
#include "retort/distill/teacher_targets.h"
#include "retort/task/squad_unit.h"

namespace retort::task {

class DistillSquadUnit final : public SquadUnit {
 public:
  // `targets` returns logits [T, 2]; it may be empty when alpha_ce is 0. All arguments by reference must outlive the
  // unit.
  DistillSquadUnit(pretrained::LoadedModel& student, distill::TeacherTargets targets,
                   const distill::SoftTargetConfig& distillation, const SquadDataConfig& data,
                   int64_t max_tokens_per_batch, const data::SquadEvaluationSet* dev)
      : SquadUnit(student, data, max_tokens_per_batch, dev),
        targets_(std::move(targets)),
        distillation_(distillation) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;
  const train::Recordable* recordable() const override { return nullptr; }

 private:
  distill::TeacherTargets targets_;
  const distill::SoftTargetConfig& distillation_;
};

}  // namespace retort::task
