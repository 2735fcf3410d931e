// A background task assembles a step while the trainer uses the one before. Only one such task exists at a time, and
// only its future is shared with it, so no locks are needed.
#include "retort/data/source.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/random.h"

namespace retort::data {
namespace {

// As in transformers' LengthGroupedSampler: sorts stretches of 50 steps, fewer if the data has less than 200.
constexpr int64_t kMaxStepsSorted = 50, kMinStretches = 4;

// The upper bound keeps products of two counts, and the rows of a batch, within their types.
void check_count(const char* name, int64_t value) {
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  if (value < 1 || value > kMax) throw UserError("`{}` must be between 1 and {}, but is {}", name, kMax, value);
}

void check_options(const RowSet& rows, const ShuffledSourceOptions& options) {
  check_count("per_device_train_batch_size", options.batch_size);
  check_count("gradient_accumulation_steps", options.gradient_accumulation_steps);
  check_count("max_tokens_per_micro_batch", options.max_tokens_per_micro_batch);
  RETORT_CHECK(options.process >= 0 && options.process < options.process_count, "process {} of {}", options.process,
               options.process_count);
  if (rows.row_count() == 0) throw UserError("the training data must have at least one example, but is empty");
}

std::vector<int64_t> token_counts_of(const RowSet& rows, std::span<const int64_t> order) {
  std::vector<int64_t> counts(order.size());
  std::transform(order.begin(), order.end(), counts.begin(), [&](int64_t row) { return rows.token_count(row); });
  return counts;
}

// Sorts longest first; stable for equal lengths.
void sort_by_length(const RowSet& rows, std::span<int64_t> order) {
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t left, int64_t right) { return rows.token_count(left) > rows.token_count(right); });
}

// The tokens of each micro-batch.
std::vector<int64_t> micro_batch_sizes(const std::vector<int64_t>& token_counts, const TokenBudget& budget) {
  std::vector<int64_t> sizes;
  int64_t first = 0;
  for (const int64_t last : cut_by_tokens(token_counts, budget)) {
    sizes.push_back(std::accumulate(token_counts.begin() + first, token_counts.begin() + last, int64_t{0}));
    first = last;
  }
  return sizes;
}

// Assembles the rows order[begin..end) into one batch.
Batch make_batch(const RowSet& rows, std::span<const int64_t> chosen) {
  const std::vector<int64_t> counts = token_counts_of(rows, chosen);
  const auto tokens = std::accumulate(counts.begin(), counts.end(), size_t{0});
  Batch batch;
  for (auto* column : {&batch.tokens.ids, &batch.tokens.segments, &batch.tokens.positions}) column->reserve(tokens);
  batch.tokens.starts.reserve(chosen.size() + 1);
  for (const int64_t row : chosen) rows.append(row, batch);
  return batch;
}

// Distributes rows sorted by length to the ranks in alternating direction, so that all get about as many tokens.
std::vector<std::vector<int64_t>> distribute_by_length(std::span<const int64_t> sorted, int64_t processes) {
  std::vector<std::vector<int64_t>> shares(processes);
  for (size_t i = 0; i < sorted.size(); ++i) {
    const auto round = static_cast<int64_t>(i) / processes, place = static_cast<int64_t>(i) % processes;
    shares[round % 2 == 0 ? place : processes - 1 - place].push_back(sorted[i]);
  }
  return shares;
}

std::vector<int64_t> group_by_length(const RowSet& rows, std::vector<int64_t> order, int64_t step, uint64_t key) {
  const auto count = static_cast<int64_t>(order.size());
  const int64_t stretch = step * std::clamp<int64_t>(count / (step * kMinStretches), 1, kMaxStepsSorted);
  for (int64_t begin = 0; begin < count; begin += stretch)
    sort_by_length(rows, std::span(order).subspan(begin, std::min(stretch, count - begin)));
  std::vector<int64_t> shuffled;
  shuffled.reserve(order.size());
  for (const int64_t full_step : random_permutation(key, count / step)) {
    const auto first = order.begin() + full_step * step;
    shuffled.insert(shuffled.end(), first, first + step);
  }
  shuffled.insert(shuffled.end(), order.begin() + count / step * step, order.end());
  return shuffled;
}

template <typename T>
void add_column(ContentHash& hash, const std::vector<T>& column) {
  hash.add({reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T)});
}

}  // namespace

std::string content_hash(const RowSet& rows) {
  constexpr int64_t kMaxRowsRead = 200000;  // a third of a second
  ContentHash hash;
  const int64_t count = rows.row_count(), stride = std::max<int64_t>(1, (count + kMaxRowsRead - 1) / kMaxRowsRead);
  for (int64_t row = 0; row < count; ++row) {
    hash.add_number(rows.token_count(row));
    if (row % stride != 0) continue;
    Batch batch;
    rows.append(row, batch);
    for (const auto* column : {&batch.tokens.ids, &batch.tokens.segments, &batch.token_labels})
      add_column(hash, *column);
    for (const auto& labels : batch.labels) add_column(hash, labels);
    add_column(hash, batch.targets);
  }
  return hash.hex();
}

std::vector<int64_t> epoch_order(const RowSet& rows, const ShuffledSourceOptions& options, int64_t epoch) {
  const int64_t count = rows.row_count();
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), int64_t{0});
  if (options.shuffle) order = random_permutation(make_key(options.seed, epoch), count);
  if (!options.group_by_length) return order;
  return group_by_length(rows, std::move(order), options.sequences_per_step(), make_key(options.seed, epoch, 1));
}

bool ShuffledSource::set_micro_batch_tokens(int64_t tokens) {
  check_count("max_tokens_per_micro_batch", tokens);
  upcoming_ = {};  // waits for the task, which reads the options
  options_.max_tokens_per_micro_batch = tokens;
  return true;
}

int64_t ShuffledSource::largest_micro_batch() const {
  constexpr int64_t kMostSequences = 200000;
  const std::shared_ptr<const RowSet> rows = rows_of(0);
  std::vector<int64_t> order = epoch_order(*rows, options_, 0);
  order.resize(std::min(order.size(), static_cast<size_t>(std::max(kMostSequences, sequences_per_step()))));
  const auto count = static_cast<int64_t>(order.size());
  int64_t largest = 0;
  for (int64_t begin = 0; begin < count; begin += sequences_per_step()) {
    const std::span step = std::span(order).subspan(begin, std::min(sequences_per_step(), count - begin));
    sort_by_length(*rows, step);
    for (const std::vector<int64_t>& share : distribute_by_length(step, options_.process_count))
      for (const int64_t tokens : micro_batch_sizes(token_counts_of(*rows, share), budget()))
        largest = std::max(largest, tokens);
  }
  return largest;
}

ShuffledSource::ShuffledSource(const RowSet& rows, const ShuffledSourceOptions& options)
    : own_rows_(std::make_unique<SameRows>(rows)), rows_(*own_rows_), options_(options) {
  check();
}

ShuffledSource::ShuffledSource(const EpochRows& rows, const ShuffledSourceOptions& options)
    : rows_(rows), options_(options) {
  check();
}

void ShuffledSource::check() const {
  check_options(*rows_of(0), options_);
  if (steps_per_epoch() == 0)
    throw UserError(
        "`drop_last` must leave at least one full step of {} examples, but the training data has {}; use a "
        "smaller batch size or keep the last step",
        sequences_per_step(), row_count_of(0));
}

std::shared_ptr<const RowSet> ShuffledSource::rows_of(int64_t epoch) const {
  constexpr size_t kEpochsKept = 2;
  const std::lock_guard lock(mutex_);
  if (const auto known = latest_rows_.find(epoch); known != latest_rows_.end()) return known->second;
  if (latest_rows_.size() == kEpochsKept) latest_rows_.erase(latest_rows_.begin());
  const std::shared_ptr<const RowSet> rows = rows_.rows_of(epoch);
  row_counts_[epoch] = rows->row_count();
  return latest_rows_.emplace(epoch, rows).first->second;
}

int64_t ShuffledSource::row_count_of(int64_t epoch) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = row_counts_.find(epoch); known != row_counts_.end()) return known->second;
  }
  return rows_of(epoch)->row_count();
}

int64_t ShuffledSource::steps_left(SourcePosition position) const {
  const int64_t step = sequences_per_step(), left = row_count_of(position.epoch) - position.sequence;
  return (left + (options_.drop_last ? 0 : step - 1)) / step;
}

StepBatch ShuffledSource::next() {
  StepBatch step = upcoming_.valid() ? upcoming_.get() : assemble(position_);
  position_ = after(position_);
  if (options_.prefetch)
    upcoming_ = std::async(std::launch::async | std::launch::deferred, [this, at = position_] { return assemble(at); });
  return step;
}

void ShuffledSource::seek(SourcePosition position) {
  const int64_t row_count = position.epoch < 0 ? 0 : row_count_of(position.epoch);
  if (position.epoch < 0 || position.sequence < 0 || position.sequence > row_count)
    throw UserError(
        "the position in the training data must be a sequence of 0..{}, but is sequence {} of epoch {}; resume with "
        "the data of the first run",
        row_count, position.sequence, position.epoch);
  upcoming_ = {};  // waits for the task
  position_ = steps_left(position) == 0 ? SourcePosition{position.epoch + 1, 0} : position;
}

SourcePosition ShuffledSource::after(SourcePosition position) const {
  if (steps_left(position) == 1) return {position.epoch + 1, 0};
  return {position.epoch, position.sequence + sequences_per_step()};
}

StepBatch ShuffledSource::assemble(SourcePosition at) {
  const std::shared_ptr<const RowSet> epoch_rows = rows_of(at.epoch);
  const RowSet& rows = *epoch_rows;
  if (order_epoch_ != at.epoch) order_ = epoch_order(rows, options_, at.epoch), order_epoch_ = at.epoch;
  const int64_t begin = at.sequence;
  const int64_t end = std::min(begin + sequences_per_step(), static_cast<int64_t>(order_.size()));
  std::vector<int64_t> chosen(order_.begin() + begin, order_.begin() + end);
  sort_by_length(rows, chosen);

  StepBatch step{.position = at, .sequence_count = end - begin};
  const auto shares = distribute_by_length(chosen, options_.process_count);
  for (int64_t process = 0; process < options_.process_count; ++process) {
    const std::vector<int64_t>& share = shares[process];
    const auto before = static_cast<int64_t>(step.micro_batches.size());
    int64_t first = 0;
    for (const int64_t last : cut_by_tokens(token_counts_of(rows, share), budget())) {
      step.micro_batches.push_back(make_batch(rows, std::span(share).subspan(first, last - first)));
      step.token_count += step.micro_batches.back().tokens.tokens();
      first = last;
    }
    if (process == options_.process)
      step.local_begin = before, step.local_count = static_cast<int64_t>(step.micro_batches.size()) - before;
  }
  if (options_.prepare) options_.prepare(step);
  return step;
}

EvaluationBatches::EvaluationBatches(const RowSet& rows, const EvaluationOptions& options)
    : rows_(rows), order_(rows.row_count()) {
  std::iota(order_.begin(), order_.end(), int64_t{0});
  sort_by_length(rows, order_);
  ends_ = cut_by_tokens(token_counts_of(rows, order_),
                        {.max_tokens = options.max_tokens_per_batch, .max_sequences = options.max_sequences_per_batch});
}

EvaluationBatches::Range EvaluationBatches::sequences_of(int64_t index) const {
  RETORT_CHECK(index >= 0 && index < batch_count(), "batch {} of {}", index, batch_count());
  return {index == 0 ? 0 : ends_[index - 1], ends_[index]};
}

Batch EvaluationBatches::batch(const Range& range) const {
  return make_batch(rows_, std::span(order_).subspan(range.begin, range.end - range.begin));
}

}  // namespace retort::data
