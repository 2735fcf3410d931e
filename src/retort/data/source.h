// The data source of training: it turns a RowSet into one StepBatch per optimizer step, cut into micro-batches by a
// token budget. A step always has the configured number of sequences; micro-batches only bound memory. The order of
// each epoch is a pure function of (seed, epoch), so a position is two numbers and seeking to it is exact, also with
// another number of sequences per step.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "retort/data/batch.h"
#include "retort/data/token_budget.h"

namespace retort::data {

// The position between two steps: `sequence` sequences of epoch `epoch` (from 0) are drawn.
struct SourcePosition {
  int64_t epoch = 0, sequence = 0;
  bool operator==(const SourcePosition&) const = default;
};

// The sequences of one optimizer step. Loss terms are sums over sequences divided by the counts of the whole step, so
// neither the cut into micro-batches nor their order changes the result. Every rank holds the whole step, which gives
// the counts without communication, and computes its own micro-batches.
struct StepBatch {
  std::vector<Batch> micro_batches;           // at least one, each with at least one sequence
  SourcePosition position;                    // of this step
  int64_t sequence_count = 0;                 // over all micro-batches
  int64_t token_count = 0;                    // over all micro-batches
  int64_t local_begin = 0, local_count = -1;  // the micro-batches of this rank; -1: all

  std::span<const Batch> local() const {
    return local_count < 0 ? std::span(micro_batches) : std::span(micro_batches).subspan(local_begin, local_count);
  }
};

// An endless sequence of steps: the first step of an epoch follows the last one of the epoch before. Not thread-safe.
class Source {
 public:
  virtual ~Source() = default;
  // Returns the step at `position()` and advances the position. Passes on exceptions of the RowSet; the position is
  // then unchanged.
  virtual StepBatch next() = 0;
  // Returns the position of the next step; the end of an epoch is given as the start of the next.
  virtual SourcePosition position() const = 0;
  // Continues at `position` exactly as if all steps before it had been drawn; the end of an epoch means the start of
  // the next. Throws UserError for a position that does not exist.
  virtual void seek(SourcePosition position) = 0;
  // Returns the number of steps from a position to the end of its epoch.
  virtual int64_t steps_left(SourcePosition position) const = 0;
  int64_t steps_per_epoch() const { return steps_left({}); }
  // Returns the number of steps before a position when all have this source's size.
  int64_t steps_before(SourcePosition position) const {
    return (position.epoch + 1) * steps_per_epoch() - steps_left(position);
  }
  virtual int64_t sequences_per_step() const = 0;
  virtual int64_t sequences_per_epoch() const = 0;  // also those that drop_last omits
  // The token budget of micro-batches, and another one from the step at `position()` on. 0, and false: it is fixed.
  virtual int64_t micro_batch_tokens() const { return 0; }
  virtual bool set_micro_batch_tokens(int64_t) { return false; }
  // The tokens of the largest micro-batch of the first epoch, or of its beginning where it is long. 0: not known.
  virtual int64_t largest_micro_batch() const { return 0; }
  // Returns a hash of the rows, if known; see content_hash.
  virtual std::string content_hash() const { return ""; }
  // Returns whether the order of an epoch depends on the number of sequences per step.
  virtual bool order_needs_step_size() const { return false; }
};

struct ShuffledSourceOptions {
  uint64_t seed = 42;
  int64_t batch_size = 8;                     // sequences per batch, as configured
  int64_t gradient_accumulation_steps = 1;    // batches per step
  int64_t max_tokens_per_micro_batch = 8192;  // a single longer sequence is a micro-batch of its own
  bool drop_last = false;                     // omit the last step of an epoch when it is not full
  bool shuffle = true;                        // false: the order of the RowSet, in every epoch
  bool group_by_length = false;               // steps have rows of similar length; see epoch_order
  int64_t process_count = 1, process = 0;     // each rank computes its share of every step
  bool prefetch = true;                       // assemble the next step in a background thread
  // Called for each assembled step, for example to mask it; a pure function of the step, called in the background
  // thread.
  std::function<void(StepBatch&)> prepare = {};

  int64_t sequences_per_step() const { return process_count * batch_size * gradient_accumulation_steps; }
};

// Returns a hash that distinguishes data sets: of the lengths of all rows, and of the tokens and labels of all rows or,
// if there are more than 200,000, of at most as many that are evenly spaced.
std::string content_hash(const RowSet& rows);

// Returns the rows of an epoch in the order of the steps: random_permutation(make_key(seed, epoch)). With
// group_by_length, stretches of up to 50 steps are sorted by length and the resulting full steps are shuffled, so
// lengths do not decrease periodically during training (as they do with transformers' LengthGroupedSampler, with
// stretches of the same size). A last step that is not full stays last.
std::vector<int64_t> epoch_order(const RowSet& rows, const ShuffledSourceOptions& options, int64_t epoch);

// The rows of each epoch. Most data sets have the same rows in every epoch; pairs of sentences are drawn anew. Every
// call with one epoch gives the same rows. Thread-safe.
class EpochRows {
 public:
  virtual ~EpochRows() = default;
  virtual std::shared_ptr<const RowSet> rows_of(int64_t epoch) const = 0;
};

// The same rows in every epoch.
class SameRows final : public EpochRows {
 public:
  explicit SameRows(std::shared_ptr<const RowSet> rows) : rows_(std::move(rows)) {}
  // `rows` must outlive the object.
  explicit SameRows(const RowSet& rows) : rows_(&rows, [](const RowSet*) {}) {}
  std::shared_ptr<const RowSet> rows_of(int64_t) const override { return rows_; }

 private:
  std::shared_ptr<const RowSet> rows_;
};

// Draws every row once per epoch. A background thread assembles the next step while the current one is used; it reads
// `rows`, which must outlive the source. Throws UserError for an empty row set, for counts below 1, and for drop_last
// with less than one full step.
class ShuffledSource final : public Source {
 public:
  ShuffledSource(const RowSet& rows, const ShuffledSourceOptions& options);
  // The rows of an epoch are asked for when its first step is assembled, and kept while it lasts. `rows` must outlive
  // the source.
  ShuffledSource(const EpochRows& rows, const ShuffledSourceOptions& options);
  ShuffledSource(const ShuffledSource&) = delete;
  ShuffledSource& operator=(const ShuffledSource&) = delete;

  StepBatch next() override;
  SourcePosition position() const override { return position_; }
  void seek(SourcePosition position) override;
  int64_t steps_left(SourcePosition position) const override;
  int64_t sequences_per_step() const override { return options_.sequences_per_step(); }
  int64_t sequences_per_epoch() const override { return row_count_of(0); }
  int64_t micro_batch_tokens() const override { return options_.max_tokens_per_micro_batch; }
  bool set_micro_batch_tokens(int64_t tokens) override;
  int64_t largest_micro_batch() const override;
  std::string content_hash() const override { return data::content_hash(*rows_of(0)); }
  bool order_needs_step_size() const override { return options_.group_by_length; }

 private:
  void check() const;
  SourcePosition after(SourcePosition position) const;
  StepBatch assemble(SourcePosition at);
  TokenBudget budget() const { return {.max_tokens = options_.max_tokens_per_micro_batch, .is_balanced = true}; }

  std::shared_ptr<const RowSet> rows_of(int64_t epoch) const;
  int64_t row_count_of(int64_t epoch) const;

  std::unique_ptr<const EpochRows> own_rows_;  // of the first constructor
  const EpochRows& rows_;
  ShuffledSourceOptions options_;
  // The rows of the latest epochs that were asked for: the trainer and the background task may be in two of them.
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::shared_ptr<const RowSet>> latest_rows_;
  mutable std::map<int64_t, int64_t> row_counts_;
  SourcePosition position_;
  // Used only by `assemble`, which never runs concurrently: either in the caller or in the background task.
  std::vector<int64_t> order_;
  int64_t order_epoch_ = -1;
  // The step at position_; not valid when none is being assembled. The last member, so that its destructor, which waits
  // for the task, runs first.
  std::future<StepBatch> upcoming_;
};

// Rows begin..begin+count of another RowSet; Batch::rows has their numbers there. `rows` must outlive it.
class RowRange final : public RowSet {
 public:
  RowRange(const RowSet& rows, int64_t begin, int64_t count) : rows_(rows), begin_(begin), count_(count) {}
  int64_t row_count() const override { return count_; }
  int64_t token_count(int64_t row) const override { return rows_.token_count(begin_ + row); }
  void append(int64_t row, Batch& batch) const override { rows_.append(begin_ + row, batch); }

 private:
  const RowSet& rows_;
  int64_t begin_, count_;
};

struct EvaluationOptions {
  int64_t max_tokens_per_batch = 8192;
  int64_t max_sequences_per_batch = 0;  // 0: any number
};

// All rows once, longest first (so the memory peak comes at once), packed into batches by a token budget. `Batch::rows`
// identifies each result. No rows give no batches. Thread-safe; `rows` must outlive it.
class EvaluationBatches {
 public:
  explicit EvaluationBatches(const RowSet& rows, const EvaluationOptions& options = {});
  int64_t batch_count() const { return static_cast<int64_t>(ends_.size()); }
  // Assembles batch `index` of 0..batch_count()-1.
  Batch batch(int64_t index) const { return batch(sequences_of(index)); }
  // The places of its sequences in the order of all, and the batch of such a range.
  struct Range {
    int64_t begin = 0, end = 0;
  };
  Range sequences_of(int64_t index) const;
  Batch batch(const Range& range) const;

 private:
  const RowSet& rows_;
  std::vector<int64_t> order_;  // [rows]
  std::vector<int64_t> ends_;   // [batches] into order_
};

}  // namespace retort::data
