// The states inside a student as a training task: the sum of the weighted means of
//   attention   KL(softmax(teacher's scores) || softmax(student's scores)), over heads and query rows
//   hidden      1 - cos(student's, teacher's hidden state), over tokens; through the projection where widths differ
//   embedding   the same of the embeddings' output
//   value       KL between the softmax of the relations x x^T / sqrt(D) of the attention contexts, as attention
// or of the other distances, each summed over the mapped layers.
#pragma once

#include "retort/recipe/model_unit.h"
#include "retort/recipe/state_plan.h"

namespace retort::recipe {

class BackboneUnit final : public ModelUnit {
 public:
  // `targets` gives the states of the plan. The student, which must outlive the unit, has the plan's projection.
  BackboneUnit(LoadedModel& student, StatePlan plan, TeacherTargets targets);

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  std::vector<double> step_counts(const data::StepBatch& step) override;

 private:
  void freeze_untaught();
  loss::LossTerm compare(const StatePlan::Part& part, size_t pair, const model::ModelOutput& own,
                         const model::ModelOutput& targets, const kernel::TokenRows& rows) const;
  double count(const StatePlan::Part& part, std::span<const int32_t> starts) const;

  StatePlan plan_;
  TeacherTargets targets_;
};

}  // namespace retort::recipe
