#include "retort/task/evaluation.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>

#include "retort/kernel/token_rows.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::task {

Json EvaluationTiming::to_json() const {
  Json json{{"eval_seconds", seconds}};
  json["eval_sequences_per_second"] = seconds > 0 ? static_cast<double>(sequences) / seconds : 0.0;
  json["eval_tokens_per_second"] = seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  json["eval_ms_per_sequence"] = sequences > 0 ? 1000 * seconds / static_cast<double>(sequences) : 0.0;
  return json;
}

EvaluationTiming run_model(const model::Model& model, const data::RowSet& rows, const EvaluationRun& run,
                           const std::function<void(const data::Batch&, const model::ModelOutput&)>& take) {
  const kernel::ParameterStore::PackedScope packed(model.parameters());
  const at::NoGradGuard no_grad;
  const data::EvaluationBatches batches(
      rows, {.max_tokens_per_batch = run.max_tokens_per_batch, .max_sequences_per_batch = run.max_sequences_per_batch});
  std::unique_ptr<train::Progress> progress;
  if (!run.title.empty())
    progress = std::make_unique<train::Progress>(
        train::ProgressOptions{.title = run.title, .unit = "sequences", .total = rows.row_count()});
  EvaluationTiming timing;
  for (int64_t i = 0; i < batches.batch_count(); ++i) {
    train::throw_if_stopped();
    const data::Batch batch = batches.batch(i);
    const auto before = std::chrono::steady_clock::now();
    model::ForwardOptions options;
    if (run.labelled_tokens_only) {
      options.chosen_rows = data::labelled_tokens(batch);
      options.only_chosen_rows = model.head() == model::Head::kMaskedLm;  // other heads need the first tokens too
      if (options.chosen_rows.empty()) continue;                          // empty would mean all rows
    }
    const model::ModelOutput output = model.forward(kernel::make_token_rows(batch.tokens), options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    timing.seconds += seconds, timing.batch_ms.push_back(1000 * seconds);
    timing.sequences += batch.tokens.sequences(), timing.tokens += batch.tokens.tokens();
    take(batch, output);
    if (progress) progress->update({.done = timing.sequences, .sequences = timing.sequences, .tokens = timing.tokens});
  }
  if (progress) progress->finish();
  return timing;
}

}  // namespace retort::task
