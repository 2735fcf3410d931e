// The forward pass of a unit in the form that a recorded graph takes: everything that varies from one micro-batch to
// the next is a list of numbers which is sent to the device, so that the operations themselves stay the same.
#pragma once

#include <span>
#include <vector>

#include "retort/data/batch.h"
#include "retort/kernel/token_rows.h"
#include "retort/loss/loss_term.h"
#include "retort/loss/step_counts.h"

namespace retort::train {

// A list of a micro-batch. In a recorded graph, whose shapes are fixed, sequences and tokens are filled up with ones
// that have no label, and the list with `filler`.
struct BatchList {
  enum class Extent {
    kSequences,  // a number for each sequence
    kTokens,     // a number for each token
    kChosen,     // a number for each chosen token; all lists of this kind have one length
  };
  enum class Filler { kNoLabel, kLastRow };

  std::vector<int32_t> values;
  Extent extent = Extent::kSequences;
  Filler filler = Filler::kNoLabel;
};

class Recordable {
 public:
  virtual ~Recordable() = default;
  // What the batch brings beside its tokens: rows.lists of loss_sums.
  virtual std::vector<BatchList> lists(const data::Batch& batch) const = 0;
  // The sums of the loss terms, scalars. A sequence or token without a label must add nothing.
  virtual std::vector<at::Tensor> loss_sums(const kernel::TokenRows& rows) const = 0;
  // The same terms without sums.
  virtual std::vector<loss::LossTerm> terms(const loss::StepCounts& counts) const = 0;
};

// The loss terms of a micro-batch, as TrainUnit::forward returns them.
std::vector<loss::LossTerm> run_forward(const Recordable& unit, const data::Batch& batch,
                                        std::span<const uint64_t> sequence_keys, const loss::StepCounts& counts);

}  // namespace retort::train
