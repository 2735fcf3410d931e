// A GLUE task as a training task: the cross entropy of the class, or the squared error of a regression, averaged over
// the sequences of a step.
#pragma once

#include "retort/recipe/glue.h"
#include "retort/recipe/model_unit.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

class GlueUnit : public ModelUnit {
 public:
  // What is referred to must outlive the unit.
  GlueUnit(LoadedModel& loaded, const GlueDataConfig& data, const train::TrainingConfig& training)
      : ModelUnit(loaded), data_(data), training_(training) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  Json evaluate() override { return evaluate_into({}); }
  std::string best_metric() const override;

  EvaluationRun evaluation_run() const;
  // Scores on the dev files; predictions go into `folder` when it is not empty.
  Json evaluate_into(const fs::path& folder) const;

 private:
  const GlueDataConfig& data_;
  const train::TrainingConfig& training_;
};

}  // namespace retort::recipe
