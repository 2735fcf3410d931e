// Keeps the micro-batches of a run within memory: it checks the need before the first step, notices a shortage during a
// step, and makes the token budget smaller. A step has the same sequences, masks and divisors however it is cut, so the
// run goes on as if the smaller budget had been configured from that step on.
#pragma once

#include <functional>

#include "retort/base/memory.h"
#include "retort/data/source.h"
#include "retort/train/memory_estimate.h"
#include "retort/train/step_loss.h"
#include "retort/train/trainer_state.h"
#include "retort/train/training_config.h"

namespace retort::train {

// Half the tokens of the step's largest micro-batch that has several sequences; 0 when none has.
int64_t smaller_budget(const data::StepBatch& step);

class MicroBatchMemory {
 public:
  // What is referred to must outlive the object. `root` is the file system's root, another one in tests, which may also
  // replace what tells whether a control group is nearly full.
  MicroBatchMemory(const ProcessGroup& group, data::Source& source, const TrainingConfig& config,
                   std::filesystem::path root = "/", std::function<bool()> is_nearly_full = {});

  // Uses the budget that the continued run had; a setting that was changed since replaces it.
  void take_over(ResumeState& state);
  // Logs what training needs and what there is. Where it does not fit, the budget gets smaller unless the user has
  // given it. Returns whether it did; all ranks call it and get the same budget. Throws UserError when parameters,
  // gradients and moments alone do not fit.
  bool fit(const TrainUnit& unit, const kernel::ParameterStore& parameters, EstimateInputs inputs, ResumeState& state);

  // Runs a pass over micro-batches, and tells whether memory ran out in it.
  MemoryShortage shortage_in(const std::function<void()>& pass) const;
  // Called between micro-batches: ends the pass when a control group is nearly full of what smaller micro-batches would
  // not need.
  void check();
  // Makes the budget smaller for a step to be repeated; false when each micro-batch has a single sequence. After a
  // near limit the limit is not looked at any more then.
  bool shrink(const data::StepBatch& step, MemoryShortage shortage, ResumeState& state);

 private:
  void refuse_if_too_large(const MemoryEstimate& estimate, std::optional<int64_t> available) const;
  bool halve_until_it_fits(const TrainUnit& unit, MemoryEstimate estimate, int64_t available, int64_t largest);
  void make_room(const TrainUnit& unit, const MemoryEstimate& estimate, int64_t available, int64_t largest);
  void set_budget(int64_t tokens, ResumeState& state);

  const ProcessGroup& group_;
  data::Source& source_;
  const TrainingConfig& config_;
  const std::filesystem::path root_;
  std::function<bool()> is_nearly_full_;
  bool is_watching_;
};

}  // namespace retort::train
