// Counter-based random numbers: the same (key, index) gives the same number on any machine, with any number of
// threads, in any order. There is no generator state to save.
#pragma once

#include <cstdint>
#include <vector>

namespace retort {

// Mixes 64 bits (the finalizer of SplitMix64, Steele et al. 2014).
constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// One key from several numbers, for example (seed, step, layer).
template <typename... Parts>
constexpr uint64_t make_key(uint64_t seed, Parts... parts) {
  uint64_t key = mix64(seed);
  ((key = mix64(key ^ static_cast<uint64_t>(parts))), ...);
  return key;
}

// Uniform 64 bits of element `index` of the stream `key`.
constexpr uint64_t random_bits(uint64_t key, uint64_t index) { return mix64(key ^ mix64(index)); }

// Uniform in [0, 1) with 53 bits.
constexpr double random_unit(uint64_t key, uint64_t index) {
  return static_cast<double>(random_bits(key, index) >> 11) * 0x1.0p-53;
}

// Uniform in [0, bound), bound > 0; bias below 2^-32 for bounds below 2^32.
constexpr uint64_t random_below(uint64_t key, uint64_t index, uint64_t bound) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random_bits(key, index)) * bound) >> 64);
}

// Standard normal (Box-Muller on two draws).
double random_normal(uint64_t key, uint64_t index);

// A permutation of 0..count-1 (Fisher-Yates).
std::vector<int64_t> random_permutation(uint64_t key, int64_t count);

// `chosen` distinct numbers of 0..count-1 in increasing order; all of them when chosen >= count.
std::vector<int64_t> random_sample(uint64_t key, int64_t count, int64_t chosen);

}  // namespace retort
