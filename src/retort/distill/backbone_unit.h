// Trains a student to match the teacher's internal states. The loss is the weighted sum of these means
//   attention   KL(softmax(teacher's scores) || softmax(student's scores)), over heads and query rows
//   hidden      1 - cos(student's, teacher's hidden state), over tokens; through the projection where widths differ
//   embedding   the same of the embeddings' output
//   value       KL between the softmax of the relations x x^T / sqrt(D) of the attention contexts, as attention
// or of the other distances, each summed over the mapped layers.
#pragma once

#include "retort/distill/state_plan.h"
#include "retort/pretrained/model_unit.h"

namespace retort::distill {

class BackboneUnit final : public pretrained::ModelUnit {
 public:
  // `targets` returns the states of the plan. The student, which must outlive the unit, has the plan's projection.
  BackboneUnit(pretrained::LoadedModel& student, StatePlan plan, TeacherTargets targets);

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;

 private:
  void freeze_unused_parameters();
  loss::LossSum compare(const StatePlan::Term& term, size_t pair, const model::ModelOutput& student,
                        const model::ModelOutput& targets, const kernel::TokenRows& rows) const;
  double divisor(const StatePlan::Term& term, const loss::StepCounts& counts) const;

  StatePlan plan_;
  TeacherTargets targets_;
};

}  // namespace retort::distill
