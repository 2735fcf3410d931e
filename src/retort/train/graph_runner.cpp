#include "retort/train/graph_runner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mul.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/kernel/open_device.h"
#include "retort/kernel/softmax_loss.h"
#include "retort/train/step_loss.h"

namespace retort::train {

// A bucket's graph with the memory that it runs on.
struct GraphRunner::Recording {
  GraphShape shape;
  std::unique_ptr<kernel::TokenRowBuffer> buffer;
  std::vector<std::vector<int32_t>> lists;  // of the batch that was sent last, filled up
  std::unique_ptr<kernel::RecordedGraph> graph;
  at::Tensor total;
  std::vector<at::Tensor> sums;
};

namespace {

GraphShape shape_of(const data::Batch& batch, const std::vector<BatchList>& lists) {
  GraphShape shape{
      .tokens = batch.tokens.tokens(), .sequences = batch.tokens.sequences(), .longest = batch.tokens.longest()};
  for (const BatchList& list : lists)
    if (list.extent == BatchList::Extent::kChosen) shape.chosen = std::ssize(list.values);
  return shape;
}

int64_t size_in(const GraphShape& shape, BatchList::Extent extent) {
  switch (extent) {
    case BatchList::Extent::kSequences:
      return shape.sequences;
    case BatchList::Extent::kTokens:
      return shape.tokens;
    case BatchList::Extent::kChosen:
      break;
  }
  return shape.chosen;
}

// The batch with fillers of token 0 up to the shape's tokens, and empty sequences up to its number of sequences.
kernel::Ragged fill_up(const kernel::Ragged& batch, const GraphShape& shape) {
  kernel::Ragged filled = batch;
  while (filled.tokens() < shape.tokens) {
    const int64_t length = std::min(shape.longest, shape.tokens - filled.tokens());
    filled.append(std::vector<int32_t>(static_cast<size_t>(length), 0), length);
  }
  filled.starts.resize(static_cast<size_t>(shape.sequences) + 1, filled.starts.back());
  return filled;
}

}  // namespace

GraphRunner::GraphRunner(TrainUnit& unit, std::vector<GraphShape> buckets, int64_t observed)
    : unit_(*unit.recordable()), wanted_observations_(observed), buckets_(std::move(buckets)) {}

GraphRunner::~GraphRunner() = default;

bool GraphRunner::run(const data::Batch& batch, std::span<const uint64_t> sequence_keys, const loss::StepCounts& counts,
                      StepReadout& readout) {
  std::vector<BatchList> lists = unit_.lists(batch);
  const GraphShape shape = shape_of(batch, lists);
  if (buckets_.empty()) {
    observed_.push_back(shape);
    if (std::ssize(observed_) == wanted_observations_) buckets_ = plan_buckets(observed_, kBuckets);
    ++use_.unrecorded;
    return false;
  }
  const GraphShape* bucket = find_bucket(buckets_, shape);
  if (bucket == nullptr) {
    ++use_.unrecorded;
    return false;
  }
  Recording& recording = recording_of(*bucket);
  const std::vector<loss::LossTerm> terms = unit_.terms(counts);
  send(recording, batch, sequence_keys, std::move(lists), terms);
  compute_or_replay(recording);
  // Copies, since the next replay overwrites the numbers.
  if (terms.size() > 1)
    for (size_t i = 0; i < terms.size(); ++i)
      if (terms[i].divisor > 0) readout.add(terms[i].name, recording.sums[i].clone(), terms[i].divisor);
  readout.add(kTotalLoss, recording.total.clone());
  ++use_.recorded, use_.tokens += shape.tokens, use_.filler_tokens += bucket->tokens - shape.tokens;
  return true;
}

GraphRunner::Recording& GraphRunner::recording_of(const GraphShape& bucket) {
  for (const auto& recording : recordings_)
    if (recording->shape == bucket) return *recording;
  recordings_.push_back(std::make_unique<Recording>());
  recordings_.back()->shape = bucket;
  return *recordings_.back();
}

// The last list is the factors of the loss terms, which vary with the counts of a step.
void GraphRunner::send(Recording& recording, const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                       std::vector<BatchList> lists, const std::vector<loss::LossTerm>& terms) const {
  const GraphShape& shape = recording.shape;
  recording.lists.clear();
  for (BatchList& list : lists) {
    const auto last_row = static_cast<int32_t>(shape.tokens - 1);
    const int32_t filler = list.filler == BatchList::Filler::kLastRow ? last_row : kernel::kNoLabel;
    // A list of all tokens stays empty.
    const bool is_used = list.extent != BatchList::Extent::kChosen || !list.values.empty();
    if (is_used) list.values.resize(static_cast<size_t>(size_in(shape, list.extent)), filler);
    recording.lists.push_back(std::move(list.values));
  }
  std::vector<float> factors;
  for (const loss::LossTerm& term : terms)
    factors.push_back(term.divisor > 0 ? static_cast<float>(term.weight / term.divisor) : 0.0F);
  recording.lists.push_back(kernel::bits_of(factors));
  std::vector<std::span<const int32_t>> views;
  for (const auto& list : recording.lists) views.emplace_back(list);
  const kernel::Ragged filled = fill_up(batch.tokens, shape);
  std::vector<uint64_t> keys(sequence_keys.begin(), sequence_keys.end());
  keys.resize(static_cast<size_t>(shape.sequences), 0);
  if (!recording.buffer) {
    kernel::RowShape rows{.tokens = shape.tokens, .sequences = shape.sequences, .has_keys = true};
    for (const auto& list : recording.lists) rows.list_sizes.push_back(std::ssize(list));
    recording.buffer = std::make_unique<kernel::TokenRowBuffer>(rows);
    recording.buffer->set_longest_bound(shape.longest);
  }
  recording.buffer->send(filled, keys, views);
}

void GraphRunner::compute(Recording& recording) const {
  const kernel::TokenRows& rows = recording.buffer->rows();
  recording.sums = unit_.loss_sums(rows);
  const at::Tensor factors = rows.lists.back().float_tensor();
  at::Tensor total;
  for (size_t i = 0; i < recording.sums.size(); ++i) {
    const at::Tensor weighted = recording.sums[i] * factors[static_cast<int64_t>(i)];
    total = total.defined() ? total + weighted : weighted;
  }
  total.backward();
  recording.total = total.detach();
  for (at::Tensor& sum : recording.sums) sum = sum.detach();
}

void GraphRunner::compute_or_replay(Recording& recording) const {
  if (recording.graph) return recording.graph->replay();
  const kernel::DeviceLibrary* library = kernel::device_library();
  if (library != nullptr && library->make_graph != nullptr) recording.graph = library->make_graph();
  if (!recording.graph) return compute(recording);
  recording.graph->begin_recording();
  compute(recording);
  recording.graph->end_recording();
  if (!recording.graph->ran_while_recording()) recording.graph->replay();
}

}  // namespace retort::train
