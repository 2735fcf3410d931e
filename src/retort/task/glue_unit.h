// Trains a GLUE task: the cross entropy of the class, or the squared error of a regression, averaged over the sequences
// of a step.
#pragma once

#include "retort/task/glue.h"
#include "retort/task/recordable_unit.h"
#include "retort/train/training_config.h"

namespace retort::task {

class GlueUnit : public RecordableUnit {
 public:
  // `dev` may be empty. All arguments by reference must outlive the unit.
  GlueUnit(pretrained::LoadedModel& loaded, const GlueDataConfig& data, const train::TrainingConfig& training,
           std::span<const GlueSet> dev)
      : RecordableUnit(loaded), data_(data), training_(training), dev_(dev) {}

  // A regression compares a target of every sequence, so fillers would count.
  const train::Recordable* recordable() const override { return task().is_regression() ? nullptr : this; }
  std::vector<train::BatchList> lists(const data::Batch& batch) const override;
  std::vector<at::Tensor> loss_sums(const kernel::TokenRows& rows) const override;
  std::vector<loss::LossTerm> terms(const loss::StepCounts& counts) const override;
  Json evaluate() override;
  std::string best_metric() const override;

 protected:
  const data::GlueTask& task() const { return data_.task(); }

 private:
  const GlueDataConfig& data_;
  const train::TrainingConfig& training_;
  std::span<const GlueSet> dev_;
};

}  // namespace retort::task
