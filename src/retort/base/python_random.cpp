#include "retort/base/python_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace retort {

// init_by_array of the reference implementation, with the 32-bit words of the seed, lowest first.
PythonRandom::PythonRandom(uint64_t seed) {
  std::vector<uint32_t> key{static_cast<uint32_t>(seed)};
  if (seed >> 32) key.push_back(static_cast<uint32_t>(seed >> 32));
  state_[0] = 19650218U;
  for (size_t i = 1; i < kWords; ++i)
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + static_cast<uint32_t>(i);
  size_t i = 1, j = 0;
  const auto advance = [&] {
    if (++i < kWords) return;
    state_[0] = state_[kWords - 1];
    i = 1;
  };
  for (size_t k = std::max(kWords, key.size()); k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525U)) + key[j] + static_cast<uint32_t>(j);
    advance();
    j = (j + 1) % key.size();
  }
  for (size_t k = kWords - 1; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941U)) - static_cast<uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000U;
}

void PythonRandom::twist() {
  constexpr size_t kShift = 397;
  for (size_t i = 0; i < kWords; ++i) {
    const uint32_t mixed = (state_[i] & 0x80000000U) | (state_[(i + 1) % kWords] & 0x7fffffffU);
    state_[i] = state_[(i + kShift) % kWords] ^ (mixed >> 1) ^ (mixed & 1 ? 0x9908b0dfU : 0);
  }
  next_ = 0;
}

uint32_t PythonRandom::bits(int bits) {
  if (next_ == kWords) twist();
  uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680U;
  y ^= (y << 15) & 0xefc60000U;
  y ^= y >> 18;
  return y >> (32 - bits);
}

uint32_t PythonRandom::below(uint32_t bound) {
  const int width = std::bit_width(bound);
  uint32_t number = bits(width);
  while (number >= bound) number = bits(width);
  return number;
}

// Small populations are drawn from a shrinking list, large ones by rejection; the choice between the two determines the
// numbers, so it must be Python's.
std::vector<int64_t> PythonRandom::sample(int64_t population, int64_t count) {
  double list_limit = 21;
  if (count > 5) list_limit += std::pow(4, std::ceil(std::log(3.0 * static_cast<double>(count)) / std::log(4.0)));
  std::vector<int64_t> drawn;
  if (static_cast<double>(population) <= list_limit) {
    std::vector<int64_t> pool(static_cast<size_t>(population));
    std::iota(pool.begin(), pool.end(), int64_t{0});
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t place = below(static_cast<uint32_t>(population - i));
      drawn.push_back(pool[place]);
      pool[place] = pool[population - i - 1];
    }
    return drawn;
  }
  while (static_cast<int64_t>(drawn.size()) < count) {
    const int64_t number = below(static_cast<uint32_t>(population));
    if (std::find(drawn.begin(), drawn.end(), number) == drawn.end()) drawn.push_back(number);
  }
  return drawn;
}

}  // namespace retort
