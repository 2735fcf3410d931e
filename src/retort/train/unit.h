// What a task supplies to the trainer. The trainer knows no model and no task: it asks for loss terms, updates the
// parameters and saves checkpoints.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/data/source.h"
#include "retort/kernel/parameters.h"
#include "retort/loss/loss_term.h"
#include "retort/loss/step_counts.h"
#include "retort/train/recordable.h"

namespace retort::train {

class TrainUnit {
 public:
  virtual ~TrainUnit() = default;

  virtual kernel::ParameterStore& parameters() = 0;

  // The loss terms of one micro-batch. `sequence_keys` [B] are the keys of dropout; `counts` are those of the whole
  // optimizer step, which divide the terms.
  virtual std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                              const loss::StepCounts& counts) = 0;

  // About the memory that `forward` and its backward pass take for this many tokens, besides parameters and gradients;
  // 0: not known.
  virtual int64_t activation_bytes(int64_t) const { return 0; }

  // `forward` for graph mode; null where the losses also compare what has no label, such as a teacher's outputs.
  virtual const Recordable* recordable() const { return nullptr; }

  // Scores on held-out data, and the score by which the best model is chosen, the highest ("": none).
  virtual Json evaluate() { return Json::object(); }
  virtual std::string best_metric() const { return ""; }

  // Writes the model folder's files (config, weights, tokenizer) into an existing folder.
  virtual void save_model(const fs::path& folder) const = 0;
  // Reads the weights that `save_model` wrote, bit for bit.
  virtual void load_weights(const fs::path& folder) = 0;
};

}  // namespace retort::train
