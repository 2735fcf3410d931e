#include "retort/data/column_check.h"

#include <algorithm>
#include <atomic>

#include "retort/base/error.h"
#include "retort/base/thread.h"

namespace retort::data {
namespace {

template <typename Unsigned>
uint64_t greatest(std::span<const Unsigned> numbers) {
  constexpr int64_t kGrain = 1 << 18;
  std::atomic<uint64_t> all = 0;
  parallel_for(static_cast<int64_t>(numbers.size()), kGrain, [&](int64_t begin, int64_t end) {
    Unsigned local = 0;
    for (int64_t i = begin; i < end; ++i) local = std::max(local, numbers[static_cast<size_t>(i)]);
    uint64_t known = all;
    while (local > known && !all.compare_exchange_weak(known, local)) {
    }
  });
  return all;
}

template <typename Number, typename Unsigned>
void check_all_below(std::string_view column, std::span<const Number> numbers, int64_t end) {
  const std::span bits(reinterpret_cast<const Unsigned*>(numbers.data()), numbers.size());  // negative: very large
  if (numbers.empty() || greatest<Unsigned>(bits) < static_cast<uint64_t>(end)) return;
  const auto is_wrong = [&](Unsigned value) { return value >= static_cast<uint64_t>(end); };
  const auto wrong = std::find_if(bits.begin(), bits.end(), is_wrong) - bits.begin();
  throw UserError("its column `{}` must hold numbers from 0 to {}, but number {} is {}", column, end - 1, wrong,
                  numbers[static_cast<size_t>(wrong)]);
}

}  // namespace

void check_element_count(std::string_view column, size_t found, size_t wanted) {
  if (found != wanted) throw UserError("its column `{}` must hold {} elements, but holds {}", column, wanted, found);
}

void check_starts(std::string_view column, std::span<const int64_t> starts, size_t total) {
  if (starts.empty() || starts.front() != 0 || starts.back() != static_cast<int64_t>(total))
    throw UserError("its column `{}` must begin at 0 and end at {}, but does not", column, total);
  if (const auto falls = std::adjacent_find(starts.begin(), starts.end(), std::greater<>()); falls != starts.end())
    throw UserError("its column `{}` must not decrease, but does after number {}", column, falls - starts.begin());
}

void check_below(std::string_view column, std::span<const int32_t> numbers, int64_t end) {
  check_all_below<int32_t, uint32_t>(column, numbers, end);
}

void check_below(std::string_view column, std::span<const uint32_t> numbers, int64_t end) {
  check_all_below<uint32_t, uint32_t>(column, numbers, end);
}

void check_below(std::string_view column, std::span<const uint16_t> numbers, int64_t end) {
  check_all_below<uint16_t, uint16_t>(column, numbers, end);
}

}  // namespace retort::data
