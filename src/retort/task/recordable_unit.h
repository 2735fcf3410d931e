// A training unit whose forward pass is written in the form that graph mode records (train/recordable.h).
#pragma once

#include "retort/pretrained/model_unit.h"

namespace retort::task {

class RecordableUnit : public pretrained::ModelUnit, public train::Recordable {
 public:
  using pretrained::ModelUnit::ModelUnit;

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override {
    return train::run_forward(*this, batch, sequence_keys, counts);
  }
  const train::Recordable* recordable() const override { return this; }
};

}  // namespace retort::task
