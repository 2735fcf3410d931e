// A GLUE task as a training task: the cross entropy of the class, or the squared error of a regression, averaged over
// the sequences of a step.
#pragma once

#include "retort/recipe/glue.h"
#include "retort/recipe/model_unit.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

class GlueUnit : public ModelUnit {
 public:
  // `dev` may be empty. What is referred to must outlive the unit.
  GlueUnit(LoadedModel& loaded, const GlueDataConfig& data, const train::TrainingConfig& training,
           std::span<const GlueSet> dev)
      : ModelUnit(loaded), data_(data), training_(training), dev_(dev) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;
  Json evaluate() override { return evaluate_into({}); }
  std::string best_metric() const override;

  EvaluationRun evaluation_run() const;
  // Scores on the dev files; predictions go into `folder` when it is not empty.
  Json evaluate_into(const fs::path& folder) const {
    return evaluate_glue_dev(model(), dev_, evaluation_run(), folder);
  }

 private:
  const GlueDataConfig& data_;
  const train::TrainingConfig& training_;
  std::span<const GlueSet> dev_;
};

}  // namespace retort::recipe
