// A teacher's predictions as a training task (Jiao et al. 2020, 3.2, without its factor temperature^2):
//   classes     - softmax(t / temperature) . log_softmax(s / temperature), the mean over sequences and classes
//   questions   the same over the positions of a sequence, start plus end, the mean over tokens
//   regression  (s - label)^2: numbers have no soft targets
#pragma once

#include "retort/recipe/glue_unit.h"
#include "retort/recipe/squad_unit.h"
#include "retort/recipe/teacher.h"

namespace retort::recipe {

class GluePredictionUnit final : public GlueUnit {
 public:
  // What is referred to must outlive the unit. Throws UserError when the teacher has another number of outputs.
  GluePredictionUnit(LoadedModel& student, const Teacher& teacher, double temperature, const GlueDataConfig& data,
                     const train::TrainingConfig& training);

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  std::vector<double> step_counts(const data::StepBatch& step) const override;

 private:
  const model::Model& student_;
  const Teacher& teacher_;
  double temperature_;
  bool is_regression_;
};

class SquadPredictionUnit final : public SquadUnit {
 public:
  // `dev` may be null. What is referred to must outlive the unit.
  SquadPredictionUnit(LoadedModel& student, const Teacher& teacher, double temperature, const SquadDataConfig& data,
                      int64_t max_tokens_per_batch, const data::SquadEvaluationSet* dev)
      : SquadUnit(student, data, max_tokens_per_batch, dev),
        student_(*student.model),
        teacher_(teacher),
        temperature_(temperature) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  std::vector<double> step_counts(const data::StepBatch& step) const override {
    return {static_cast<double>(step.token_count)};
  }

 private:
  const model::Model& student_;
  const Teacher& teacher_;
  double temperature_;
};

}  // namespace retort::recipe
