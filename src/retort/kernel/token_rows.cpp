#include "retort/kernel/token_rows.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/kernel/device.h"

namespace retort::kernel {

namespace {

// Lists of one host buffer, which `send` copies to the device at once.
class PackedLists {
 public:
  explicit PackedLists(int64_t capacity)
      : host_(at::empty({capacity}, at::TensorOptions().dtype(at::kLong).pinned_memory(device().is_cuda()))),
        next_(host_.data_ptr<int64_t>()) {}

  void add(std::span<const int32_t> values) { next_ = std::copy(values.begin(), values.end(), next_); }
  std::span<int64_t> add_empty(int64_t count) {
    next_ += count;
    return {next_ - count, static_cast<size_t>(count)};
  }
  void send() { there_ = device().is_cpu() ? host_ : host_.to(device(), /*non_blocking=*/true); }
  // The next list of `count` elements, in the order in which they were added.
  at::Tensor take(int64_t count) {
    taken_ += count;
    return there_.narrow(0, taken_ - count, count);
  }

 private:
  at::Tensor host_, there_;
  int64_t* next_;
  int64_t taken_ = 0;
};

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
  PackedLists lists(size());
  lists.add(host);
  lists.send();
  return lists.take(size());
}

at::Tensor IndexList::float_tensor() const { return tensor().to(at::kInt).view(at::kFloat); }

int64_t TokenRows::longest() const {
  int64_t longest = 0;
  for (int64_t b = 0; b < sequences(); ++b) longest = std::max<int64_t>(longest, starts[b + 1] - starts[b]);
  return longest;
}

TokenRows make_token_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys,
                          const std::vector<std::span<const int32_t>>& lists) {
  RETORT_CHECK(sequence_keys.empty() || std::ssize(sequence_keys) == batch.sequences(), "{} keys for {} sequences",
               sequence_keys.size(), batch.sequences());
  const int64_t T = batch.tokens(), keyed = sequence_keys.empty() ? 0 : T, bounds = batch.sequences() + 1;
  int64_t count = 3 * T + keyed + bounds;
  for (const auto& list : lists) count += std::ssize(list);
  PackedLists packed(count);
  packed.add(batch.ids), packed.add(batch.segments), packed.add(batch.positions);
  fill_keys(packed.add_empty(keyed), batch.starts, sequence_keys);
  packed.add(batch.starts);
  for (const auto& list : lists) packed.add(list);
  packed.send();
  TokenRows rows;
  rows.ids = packed.take(T), rows.segments = packed.take(T), rows.positions = packed.take(T);
  if (keyed > 0) rows.keys = packed.take(keyed);
  rows.id_range = range_of(batch.ids), rows.segment_range = range_of(batch.segments),
  rows.position_range = range_of(batch.positions);
  rows.starts = batch.starts;
  rows.bounds = packed.take(bounds);
  rows.first_rows = rows.bounds.narrow(0, 0, bounds - 1);
  for (const auto& list : lists) rows.lists.emplace_back(list, packed.take(std::ssize(list)));
  return rows;
}

TokenRows make_bounds(std::vector<int32_t> starts) {
  TokenRows rows;
  rows.bounds = IndexList(starts).tensor();
  rows.first_rows = rows.bounds.narrow(0, 0, std::ssize(starts) - 1);
  rows.starts = std::move(starts);
  return rows;
}

}  // namespace retort::kernel
