#include "retort/task/evaluation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "retort/base/log.h"
#include "retort/kernel/open_device.h"
#include "retort/kernel/out_of_memory.h"
#include "retort/kernel/token_rows.h"
#include "retort/train/common_stop.h"
#include "retort/train/process_group.h"
#include "retort/train/progress.h"

namespace retort::task {

Json EvaluationTiming::to_json() const {
  Json json{{"eval_seconds", seconds}};
  json["eval_sequences_per_second"] = seconds > 0 ? static_cast<double>(sequences) / seconds : 0.0;
  json["eval_tokens_per_second"] = seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  json["eval_ms_per_sequence"] = sequences > 0 ? 1000 * seconds / static_cast<double>(sequences) : 0.0;
  return json;
}

namespace {

// The share of this process: rows r, r + N, r + 2N, ..., whatever the number of threads and the size of batches is.
class OwnRows final : public data::RowSet {
 public:
  OwnRows(const data::RowSet& rows, const train::ProcessGroup& group)
      : rows_(rows), first_(group.rank()), step_(group.world_size()) {}
  int64_t row_count() const override { return std::max<int64_t>(0, (rows_.row_count() - first_ + step_ - 1) / step_); }
  int64_t token_count(int64_t row) const override { return rows_.token_count(first_ + row * step_); }
  void append(int64_t row, data::Batch& batch) const override { rows_.append(first_ + row * step_, batch); }

 private:
  const data::RowSet& rows_;
  int64_t first_, step_;
};

// All processes stop between the same two batches.
void throw_if_any_stopped() {
  const train::ProcessGroup& group = train::process_group();
  if (group.world_size() > 1) {
    train::StopSignal stop;
    if (train::common_stop(group, stop) != 0) return train::throw_if_stopped();
  }
  train::throw_if_stopped();
}

// Runs the model over a batch; the output stays empty when no token of it is wanted. Returns false when memory runs out
// and the batch can be divided.
bool try_forward(const model::Model& model, const data::Batch& batch, const EvaluationRun& run,
                 std::optional<model::ModelOutput>& output) {
  model::ForwardOptions options;
  const std::vector<int32_t> labelled = data::labelled_tokens(batch);
  if (run.labelled_tokens_only) {
    options.chosen_rows = labelled;
    options.only_chosen_rows = model.head() == model::Head::kMaskedLm;  // other heads need the first tokens too
    if (options.chosen_rows.empty()) return true;                       // empty would mean all rows
  }
  try {
    output = model.forward(kernel::make_token_rows(batch.tokens), options);
    kernel::synchronize_device();
    return true;
  } catch (const std::exception& error) {
    if (batch.tokens.sequences() == 1 || !kernel::is_out_of_memory(error)) throw;
    return false;
  }
}

// Runs batches, and those for which memory is too short in halves, which the later batches begin with.
class HalvedBatches {
 public:
  template <typename Run>
  void run(const data::EvaluationBatches::Range& range, const Run& run_sequences) {
    const int64_t count = range.end - range.begin;
    if (count <= most_sequences_ && run_sequences(range)) return;
    if (count <= most_sequences_) {
      kernel::release_cached_memory();
      if (most_sequences_ == kAny) log_warning("memory ran out in an evaluation: it goes on with smaller batches");
      most_sequences_ = (count + 1) / 2;
    }
    const int64_t middle = range.begin + (count + 1) / 2;
    run({range.begin, middle}, run_sequences);
    run({middle, range.end}, run_sequences);
  }

 private:
  static constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  int64_t most_sequences_ = kAny;
};

void add_other_processes(EvaluationTiming& timing) {
  double counts[] = {static_cast<double>(timing.sequences), static_cast<double>(timing.tokens)};
  bring_together(counts);
  timing.sequences = static_cast<int64_t>(counts[0]), timing.tokens = static_cast<int64_t>(counts[1]);
  timing.seconds = train::process_group().all_reduce_max(timing.seconds);
}

}  // namespace

void bring_together(std::span<float> values) {
  train::process_group().all_reduce_sum(
      at::from_blob(values.data(), {std::ssize(values)}, at::TensorOptions().dtype(at::kFloat)));
}

void bring_together(std::span<double> sums) {
  train::process_group().all_reduce_sum(
      at::from_blob(sums.data(), {std::ssize(sums)}, at::TensorOptions().dtype(at::kDouble)));
}

EvaluationTiming run_model(const model::Model& model, const data::RowSet& rows, const EvaluationRun& run,
                           const std::function<void(const data::Batch&, const model::ModelOutput&)>& take) {
  const kernel::ParameterStore::PackedScope packed(model.parameters());
  const at::NoGradGuard no_grad;
  const train::ProcessGroup& group = train::process_group();
  const OwnRows own(rows, group);
  const data::EvaluationBatches batches(
      own, {.max_tokens_per_batch = run.max_tokens_per_batch, .max_sequences_per_batch = run.max_sequences_per_batch});
  std::unique_ptr<train::Progress> progress;
  if (!run.title.empty())
    progress = std::make_unique<train::Progress>(
        train::ProgressOptions{.title = run.title, .unit = "sequences", .total = rows.row_count()});
  EvaluationTiming timing;
  const auto rounds = static_cast<int64_t>(group.all_reduce_max(static_cast<double>(batches.batch_count())));
  const auto run_sequences = [&](const data::EvaluationBatches::Range& range) {
    const data::Batch batch = batches.batch(range);
    const auto before = std::chrono::steady_clock::now();
    std::optional<model::ModelOutput> output;
    if (!try_forward(model, batch, run, output)) return false;
    if (!output) return true;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    timing.seconds += seconds, timing.batch_ms.push_back(1000 * seconds);
    timing.sequences += batch.tokens.sequences(), timing.tokens += batch.tokens.tokens();
    take(batch, *output);
    const int64_t all = std::min(group.world_size() * timing.sequences, rows.row_count());  // the others go as fast
    if (progress) progress->update({.done = all, .sequences = all, .tokens = group.world_size() * timing.tokens});
    return true;
  };
  HalvedBatches halved;
  for (int64_t i = 0; i < rounds; ++i) {
    throw_if_any_stopped();
    // Another process may have more.
    if (i < batches.batch_count()) halved.run(batches.sequences_of(i), run_sequences);
  }
  if (progress) progress->finish();
  add_other_processes(timing);
  return timing;
}

}  // namespace retort::task
