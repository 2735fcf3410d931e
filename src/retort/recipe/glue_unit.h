// A GLUE task as a training task: the cross entropy of the class, or the squared error of a regression, averaged over
// the sequences of a step.
#pragma once

#include "retort/recipe/glue.h"
#include "retort/train/training_config.h"
#include "retort/train/unit.h"

namespace retort::recipe {

class GlueUnit : public train::TrainUnit {
 public:
  // What is referred to must outlive the unit.
  GlueUnit(LoadedModel& loaded, const GlueDataConfig& data, const train::TrainingConfig& training)
      : loaded_(loaded), data_(data), training_(training) {}

  kernel::ParameterStore& parameters() override { return loaded_.model->parameters(); }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  Json evaluate() override { return evaluate_into({}); }
  std::string best_metric() const override;
  void save_model(const fs::path& folder) const override {
    save_model_folder(folder, *loaded_.model, *loaded_.tokenizer);
  }
  void load_weights(const fs::path& folder) override { load_weights_exactly(*loaded_.model, folder); }

  EvaluationRun evaluation_run() const;
  // Scores on the dev files; predictions go into `folder` when it is not empty.
  Json evaluate_into(const fs::path& folder) const;

 private:
  LoadedModel& loaded_;
  const GlueDataConfig& data_;
  const train::TrainingConfig& training_;
};

}  // namespace retort::recipe
