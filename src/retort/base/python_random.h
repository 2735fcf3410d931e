// Python's `random` module, reproduced exactly, to repeat a published program's random choices from its seed
// (Lib/random.py of CPython; the generator is MT19937, Matsumoto & Nishimura 1998).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace retort {

class PythonRandom {
 public:
  // random.seed(seed) for seed >= 0.
  explicit PythonRandom(uint64_t seed);

  // random.getrandbits(bits), 1 to 32 bits.
  uint32_t bits(int bits);
  // random.randrange(bound), bound > 0.
  uint32_t below(uint32_t bound);
  // random.sample(range(population), count), in the order of drawing; count <= population.
  std::vector<int64_t> sample(int64_t population, int64_t count);

 private:
  static constexpr size_t kWords = 624;
  void twist();

  std::array<uint32_t, kWords> state_;
  size_t next_ = kWords;
};

}  // namespace retort
