// Graph mode: forward and backward pass of a micro-batch as one recorded graph of the device (a CUDA graph), which runs
// again for every micro-batch that is filled up to the same shape. Fillers are ordinary ragged sequences without a
// label, so their gradients are zero. Where the device records no graphs the same operations run one after the other.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "retort/kernel/device_library.h"
#include "retort/train/graph_buckets.h"
#include "retort/train/step_readout.h"
#include "retort/train/unit.h"

namespace retort::train {

class GraphRunner {
 public:
  // Micro-batches of a run until the buckets are chosen; they run unrecorded, and warm the device's libraries up.
  static constexpr int64_t kObserved = 64;
  static constexpr int64_t kBuckets = 16;

  struct Use {
    int64_t recorded = 0, unrecorded = 0;   // micro-batches
    int64_t tokens = 0, filler_tokens = 0;  // of recorded ones
  };

  // `buckets` are those of a resumed run, or empty. `unit` must be recordable, and outlive the runner.
  GraphRunner(TrainUnit& unit, std::vector<GraphShape> buckets, int64_t observed = kObserved);
  ~GraphRunner();

  // Adds the gradients of the micro-batch and its losses to `readout`. False: it fits no bucket and must be run
  // otherwise.
  bool run(const data::Batch& batch, std::span<const uint64_t> sequence_keys, const loss::StepCounts& counts,
           StepReadout& readout);

  const std::vector<GraphShape>& buckets() const { return buckets_; }
  const Use& use() const { return use_; }

 private:
  struct Recording;

  Recording& recording_of(const GraphShape& bucket);
  void send(Recording& recording, const data::Batch& batch, std::span<const uint64_t> sequence_keys,
            std::vector<BatchList> lists, const std::vector<loss::LossTerm>& terms) const;
  void compute(Recording& recording) const;
  void compute_or_replay(Recording& recording) const;

  const Recordable& unit_;
  const int64_t wanted_observations_;
  std::vector<GraphShape> observed_, buckets_;
  std::vector<std::unique_ptr<Recording>> recordings_;
  Use use_;
};

}  // namespace retort::train
