// Eager, lazy and graph mode (docs/decisions/0028-modes.md): when the numbers of steps are read from the device, and
// whether micro-batches run as recorded graphs.
#pragma once

#include <memory>

#include "retort/train/graph_runner.h"
#include "retort/train/process_group.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"
#include "retort/train/unit.h"

namespace retort::train {

class ExecutionMode {
 public:
  // What is referred to must outlive the object.
  ExecutionMode(TrainUnit& unit, const TrainingConfig& config, const ProcessGroup& group);

  // Says what the mode cannot do in this run. In graph mode, records in the buckets of `resume`.
  void begin(const ResumeState& resume, bool has_loss_scale);
  // Whether numbers are read only where something is logged, saved or evaluated.
  bool is_lazy() const { return is_lazy_; }
  // Runs micro-batches as graphs; null: none are recorded.
  GraphRunner* graphs() { return graphs_.get(); }
  // Chooses the buckets again, because micro-batches are smaller from now on.
  void forget_graphs();

  void note_buckets(ResumeState& resume) const;
  void log_use() const;

 private:
  void record_in(std::vector<GraphShape> buckets);

  TrainUnit& unit_;
  const TrainingConfig& config_;
  const bool has_several_processes_, is_lazy_;
  std::unique_ptr<GraphRunner> graphs_;
};

}  // namespace retort::train
