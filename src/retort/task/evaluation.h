// Runs a model over many sequences without gradients, in batches of similar length, and measures the time.
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
  double seconds = 0;  // forward passes and batch assembly
  int64_t sequences = 0, tokens = 0;
  std::vector<double> batch_ms = {};  // one per batch

  // {"eval_seconds", "eval_sequences_per_second", "eval_tokens_per_second", "eval_ms_per_sequence"}.
  Json to_json() const;
};

struct EvaluationRun {
  int64_t max_tokens_per_batch = 8192;
  int64_t max_sequences_per_batch = 0;
  std::string title = "evaluate";     // of the progress line; empty: no progress line
  bool labelled_tokens_only = false;  // masked LM: logits and last hidden states only of tokens with a label
};

// Calls `take(batch, output)` for every batch, in unspecified order; `output` is that of Model::forward. Throws
// Interrupted between two batches when a train::StopSignal exists and received a signal.
EvaluationTiming run_model(const model::Model& model, const data::RowSet& rows, const EvaluationRun& run,
                           const std::function<void(const data::Batch&, const model::ModelOutput&)>& take);

}  // namespace retort::task
