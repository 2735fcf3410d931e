// Runs a model over many sequences without gradients, in batches of similar length, and measures the time. The
// processes of a training run (train/process_group.h) share the batches out: all call the same evaluation at the same
// time, then bring together what they have of it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "retort/base/json.h"
#include "retort/data/source.h"
#include "retort/model/model.h"

namespace retort::task {

struct EvaluationTiming {
  double seconds = 0;                 // forward passes and batch assembly; of the slowest process
  int64_t sequences = 0, tokens = 0;  // of all processes
  std::vector<double> batch_ms = {};  // one per batch of this process

  // {"eval_seconds", "eval_sequences_per_second", "eval_tokens_per_second", "eval_ms_per_sequence"}.
  Json to_json() const;
};

struct EvaluationRun {
  int64_t max_tokens_per_batch = 8192;
  int64_t max_sequences_per_batch = 0;
  std::string title = "evaluate";     // of the progress line; empty: no progress line
  bool labelled_tokens_only = false;  // masked LM: logits and last hidden states only of tokens with a label
};

// Calls `take(batch, output)` for every batch, in unspecified order; `output` is that of Model::forward. With several
// processes each takes its share of the batches. Throws Interrupted between two batches when a train::StopSignal exists
// and received a signal, in any of the processes.
EvaluationTiming run_model(const model::Model& model, const data::RowSet& rows, const EvaluationRun& run,
                           const std::function<void(const data::Batch&, const model::ModelOutput&)>& take);

// Values that the processes have of different rows: each process gave zeros for those of the others. Afterwards all
// have all.
void bring_together(std::span<float> values);
// Sums over all processes.
void bring_together(std::span<double> sums);

}  // namespace retort::task
