// Question answering as a training task: half the sum of the cross entropies of start and end, averaged over the
// features of a step.
#pragma once

#include "retort/recipe/squad.h"
#include "retort/train/unit.h"

namespace retort::recipe {

class SquadUnit : public train::TrainUnit {
 public:
  // `dev` may be null. What is referred to must outlive the unit.
  SquadUnit(LoadedModel& loaded, const SquadDataConfig& data, int64_t max_tokens_per_batch,
            const data::SquadEvaluationSet* dev)
      : loaded_(loaded), data_(data), max_tokens_per_batch_(max_tokens_per_batch), dev_(dev) {}

  kernel::ParameterStore& parameters() override { return loaded_.model->parameters(); }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override;
  Json evaluate() override;
  std::string best_metric() const override { return "f1"; }
  void save_model(const fs::path& folder) const override {
    save_model_folder(folder, *loaded_.model, *loaded_.tokenizer);
  }
  void load_weights(const fs::path& folder) override { load_weights_exactly(*loaded_.model, folder); }

  SquadEvaluation predict(const data::SquadEvaluationSet& set) const;

 private:
  LoadedModel& loaded_;
  const SquadDataConfig& data_;
  int64_t max_tokens_per_batch_;
  const data::SquadEvaluationSet* dev_;
};

}  // namespace retort::recipe
