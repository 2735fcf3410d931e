// What a task supplies to the trainer. The trainer knows no model and no task: it asks for loss terms, updates the
// parameters and keeps the run safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/data/source.h"
#include "retort/kernel/parameters.h"
#include "retort/loss/loss_term.h"

namespace retort::train {

class TrainUnit {
 public:
  virtual ~TrainUnit() = default;

  virtual kernel::ParameterStore& parameters() = 0;

  // The named loss terms of one micro-batch, as sums. `sequence_keys` [B] are the keys of dropout.
  virtual std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) = 0;

  // What each term's sum is divided by: its count over the whole optimizer step, known before the first forward so that
  // the cut into micro-batches changes nothing. One number per term, or one for all. Called once before the forwards of
  // a step, so a unit may note here what they need to know of the whole. Default: the sequences of the step.
  virtual std::vector<double> step_counts(const data::StepBatch& step) {
    return {static_cast<double>(step.sequence_count)};
  }

  // Scores on held-out data, and the key among them of which the highest is best ("" when there is none).
  virtual Json evaluate() { return Json::object(); }
  virtual std::string best_metric() const { return ""; }

  // Writes the model folder's files (config, weights, tokenizer) into an existing folder.
  virtual void save_model(const fs::path& folder) const = 0;
  // Reads the weights that `save_model` wrote, bit for bit.
  virtual void load_weights(const fs::path& folder) = 0;
};

}  // namespace retort::train
