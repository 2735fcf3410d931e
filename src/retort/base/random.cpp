// The functions of random.h that are not constexpr. Each is a pure function of (key, index), so a shuffled order or a
// sample is not stored: the next run computes it again.
#include "retort/base/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <unordered_set>

namespace retort {

double random_normal(uint64_t key, uint64_t index) {
  // A separate stream, so that normal and uniform numbers of one key do not share bits.
  const uint64_t stream = make_key(key, 0x4E4F524Du);
  const double radius_unit = 1.0 - random_unit(stream, 2 * index);  // (0, 1]: the logarithm stays finite
  const double angle_unit = random_unit(stream, 2 * index + 1);
  return std::sqrt(-2.0 * std::log(radius_unit)) * std::cos(2.0 * std::numbers::pi * angle_unit);
}

std::vector<int64_t> random_permutation(uint64_t key, int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(std::max<int64_t>(count, 0)));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random_below(key, i, i + 1)]);
  return order;
}

std::vector<int64_t> random_sample(uint64_t key, int64_t count, int64_t chosen) {
  count = std::max<int64_t>(count, 0);
  chosen = std::clamp<int64_t>(chosen, 0, count);
  // Floyd's algorithm (Bentley, "Programming Pearls", CACM 30(9), 1987): time and memory depend on `chosen`, not
  // `count`.
  std::unordered_set<int64_t> members;
  members.reserve(static_cast<size_t>(chosen));
  for (int64_t last = count - chosen; last < count; ++last) {
    const auto number = static_cast<uint64_t>(last);
    const auto drawn = static_cast<int64_t>(random_below(key, number, number + 1));
    members.insert(members.contains(drawn) ? last : drawn);
  }
  std::vector<int64_t> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace retort
