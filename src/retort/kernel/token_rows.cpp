#include "retort/kernel/token_rows.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/kernel/device.h"

namespace retort::kernel {

namespace {

int64_t element_count(const RowShape& shape) {
  const int64_t lists = std::accumulate(shape.list_sizes.begin(), shape.list_sizes.end(), int64_t{0});
  return (shape.has_keys ? 4 : 3) * shape.tokens + 2 * shape.sequences + 1 + lists;
}

// The next elements of a host buffer.
class Writer {
 public:
  explicit Writer(const at::Tensor& host) : next_(host.data_ptr<int64_t>()) {}
  void add(std::span<const int32_t> values) { next_ = std::copy(values.begin(), values.end(), next_); }
  std::span<int64_t> add_empty(int64_t count) {
    next_ += count;
    return {next_ - count, static_cast<size_t>(count)};
  }

 private:
  int64_t* next_;
};

at::Tensor make_host_buffer(int64_t elements) {
  return at::empty({elements}, at::TensorOptions().dtype(at::kLong).pinned_memory(device().is_cuda()));
}

ValueRange range_of(const std::vector<int32_t>& values) {
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

void fill_keys(std::span<int64_t> keys, const std::vector<int32_t>& starts, std::span<const uint64_t> sequence_keys) {
  for (size_t b = 0; b < sequence_keys.size(); ++b)
    for (int32_t t = starts[b]; t < starts[b + 1]; ++t)
      keys[t] = static_cast<int64_t>(random_bits(sequence_keys[b], static_cast<uint64_t>(t - starts[b])));
}

}  // namespace

std::vector<int32_t> bits_of(std::span<const float> values) {
  std::vector<int32_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), [](float value) { return std::bit_cast<int32_t>(value); });
  return bits;
}

at::Tensor IndexList::tensor() const {
  if (on_device.defined()) return on_device;
  const at::Tensor values = make_host_buffer(size());
  Writer(values).add(host);
  return values.to(device(), /*non_blocking=*/true);
}

at::Tensor IndexList::float_tensor() const { return tensor().to(at::kInt).view(at::kFloat); }

int64_t TokenRows::longest() const {
  if (longest_bound > 0) return longest_bound;
  int64_t longest = 0;
  for (int64_t b = 0; b < sequences(); ++b) longest = std::max<int64_t>(longest, starts[b + 1] - starts[b]);
  return longest;
}

TokenRowBuffer::TokenRowBuffer(const RowShape& shape)
    : shape_(shape), there_(at::empty({element_count(shape)}, at::TensorOptions().dtype(at::kLong).device(device()))) {
  int64_t taken = 0;
  const auto take = [&](int64_t count) {
    taken += count;
    return there_.narrow(0, taken - count, count);
  };
  rows_.ids = take(shape.tokens), rows_.segments = take(shape.tokens), rows_.positions = take(shape.tokens);
  if (shape.has_keys) rows_.keys = take(shape.tokens);
  rows_.bounds = take(shape.sequences + 1), rows_.first_rows = take(shape.sequences);
  for (const int64_t size : shape.list_sizes) rows_.lists.emplace_back(std::span<const int32_t>(), take(size));
}

void TokenRowBuffer::send(const Ragged& batch, std::span<const uint64_t> sequence_keys,
                          const std::vector<std::span<const int32_t>>& lists) {
  RETORT_CHECK(batch.tokens() == shape_.tokens && batch.sequences() == shape_.sequences &&
                   lists.size() == shape_.list_sizes.size(),
               "a batch of {} tokens and {} sequences does not have the shape of its buffer", batch.tokens(),
               batch.sequences());
  // A new one each time: the device may not have copied the last one yet.
  const at::Tensor host = device().is_cpu() ? there_ : make_host_buffer(there_.numel());
  Writer writer(host);
  writer.add(batch.ids), writer.add(batch.segments), writer.add(batch.positions);
  if (shape_.has_keys) fill_keys(writer.add_empty(shape_.tokens), batch.starts, sequence_keys);
  writer.add(batch.starts);
  const int64_t last_row = std::max<int64_t>(0, batch.tokens() - 1);
  std::ranges::transform(std::span(batch.starts).first(batch.starts.size() - 1),
                         writer.add_empty(batch.sequences()).begin(),
                         [&](int32_t start) { return std::min<int64_t>(start, last_row); });
  for (const auto& list : lists) writer.add(list);
  if (!device().is_cpu()) there_.copy_(host, /*non_blocking=*/true);
  rows_.starts = batch.starts;
  rows_.padded = std::make_shared<std::shared_ptr<const aten::Padded>>();
  rows_.id_range = range_of(batch.ids), rows_.segment_range = range_of(batch.segments);
  rows_.position_range = range_of(batch.positions);
  for (size_t i = 0; i < lists.size(); ++i) rows_.lists[i].host = lists[i];
}

TokenRows make_token_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys,
                          const std::vector<std::span<const int32_t>>& lists) {
  RETORT_CHECK(sequence_keys.empty() || std::ssize(sequence_keys) == batch.sequences(), "{} keys for {} sequences",
               sequence_keys.size(), batch.sequences());
  RowShape shape{.tokens = batch.tokens(), .sequences = batch.sequences(), .has_keys = !sequence_keys.empty()};
  for (const auto& list : lists) shape.list_sizes.push_back(std::ssize(list));
  TokenRowBuffer buffer(shape);
  buffer.send(batch, sequence_keys, lists);
  return buffer.rows();
}

TokenRows make_bounds(std::vector<int32_t> starts) {
  TokenRows rows;
  rows.bounds = IndexList(starts).tensor();
  rows.first_rows = rows.bounds.narrow(0, 0, std::ssize(starts) - 1);
  rows.starts = std::move(starts);
  return rows;
}

}  // namespace retort::kernel
