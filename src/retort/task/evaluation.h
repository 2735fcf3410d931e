// Running a model over many sequences without gradients: batches of similar length, results put back in their places,
// and how long it took.
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
  double seconds = 0;  // forward passes, gathering included
  int64_t sequences = 0, tokens = 0;
  std::vector<double> batch_ms = {};  // of each batch

  // {"eval_seconds", "eval_sequences_per_second", "eval_tokens_per_second", "eval_ms_per_sequence"}.
  Json to_json() const;
};

struct EvaluationRun {
  int64_t max_tokens_per_batch = 8192;
  int64_t max_sequences_per_batch = 0;
  std::string title = "evaluate";     // of the progress line; empty: none
  bool labelled_tokens_only = false;  // masked LM: logits, and the last hidden states, of tokens with a label alone
};

// Calls `take(batch, output)` for every batch of all rows, in no order that matters; output as Model::forward gives it.
// Throws Interrupted between two batches when a train::StopSignal lives and got a signal.
EvaluationTiming run_model(const model::Model& model, const data::RowSet& rows, const EvaluationRun& run,
                           const std::function<void(const data::Batch&, const model::ModelOutput&)>& take);

}  // namespace retort::task
