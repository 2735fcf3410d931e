// A training unit with one model of a folder: the functions that are the same for all tasks.
#pragma once

#include "retort/model/activation_memory.h"
#include "retort/pretrained/model_folder.h"
#include "retort/train/unit.h"

namespace retort::pretrained {

class ModelUnit : public train::TrainUnit {
 public:
  // `loaded` must outlive the unit.
  explicit ModelUnit(LoadedModel& loaded) : loaded_(loaded) {}

  kernel::ParameterStore& parameters() final { return loaded_.model->parameters(); }
  int64_t activation_bytes(int64_t tokens) const override { return model::activation_bytes(model(), tokens); }
  void save_model(const fs::path& folder) const final { save_model_folder(folder, model(), tokenizer()); }
  void load_weights(const fs::path& folder) final { load_weights_exactly(*loaded_.model, folder); }

 protected:
  const LoadedModel& loaded() const { return loaded_; }
  const model::Model& model() const { return *loaded_.model; }
  const text::Tokenizer& tokenizer() const { return *loaded_.tokenizer; }

 private:
  LoadedModel& loaded_;
};

}  // namespace retort::pretrained
