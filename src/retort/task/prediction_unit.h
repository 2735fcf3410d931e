// Trains a student to match a teacher's predictions (Jiao et al. 2020, 3.2, without its factor temperature^2):
//   classes     - softmax(t / temperature) . log_softmax(s / temperature), the mean over sequences and classes
//   questions   the same over the positions of a sequence, start plus end, the mean over tokens
//   regression  (s - label)^2: a regression has no soft targets
#pragma once

#include "retort/distill/teacher_targets.h"
#include "retort/task/glue_unit.h"
#include "retort/task/squad_unit.h"

namespace retort::task {

class GluePredictionUnit final : public GlueUnit {
 public:
  // `dev` may be empty. What is referred to must outlive the unit.
  GluePredictionUnit(pretrained::LoadedModel& student, distill::TeacherTargets targets, double temperature,
                     const GlueDataConfig& data, const train::TrainingConfig& training, std::span<const GlueSet> dev)
      : GlueUnit(student, data, training, dev),
        targets_(std::move(targets)),
        temperature_(temperature),
        is_regression_(data.task().is_regression()) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;
  const train::Recordable* recordable() const override { return nullptr; }
  // Accuracy for MRPC and QQP, as in the published program.
  std::string best_metric() const override;

 private:
  distill::TeacherTargets targets_;
  double temperature_;
  bool is_regression_;
};

class SquadPredictionUnit final : public SquadUnit {
 public:
  // `dev` may be null. All arguments by reference must outlive the unit.
  SquadPredictionUnit(pretrained::LoadedModel& student, distill::TeacherTargets targets, double temperature,
                      const SquadDataConfig& data, int64_t max_tokens_per_batch, const data::SquadEvaluationSet* dev)
      : SquadUnit(student, data, max_tokens_per_batch, dev), targets_(std::move(targets)), temperature_(temperature) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;
  const train::Recordable* recordable() const override { return nullptr; }

 private:
  distill::TeacherTargets targets_;
  double temperature_;
};

}  // namespace retort::task
