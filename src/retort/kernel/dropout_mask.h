// The mask of counter-based dropout. Whether element (row, column) is kept depends only on the row's key, the place in
// the network (site) and the column. So the mask is the same for any thread count and any micro-batch, and the backward
// pass computes it again instead of storing it.
#pragma once

#include <cstdint>

namespace retort::kernel {

struct Dropout {
  double probability = 0;  // in [0, 1); 0 means no dropout
  uint64_t site = 0;       // a number for each layer and each place in it

  bool active() const { return probability > 0; }
  uint32_t threshold() const { return static_cast<uint32_t>(probability * 4294967296.0); }
  float keep_scale() const { return static_cast<float>(1.0 / (1.0 - probability)); }
};

// The 32-bit key of one row at one site.
[[gnu::always_inline]] constexpr uint32_t dropout_row_key(int64_t row_key, uint64_t site) {
  uint64_t x = static_cast<uint64_t>(row_key) ^ (site * 0x9E3779B97F4A7C15ull);
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93ull;
  return static_cast<uint32_t>(x ^ (x >> 32));
}

// Mixes (key, column) into 32 bits: the finalizer "lowbias32" of C. Wellons' hash search (2018).
[[gnu::always_inline]] constexpr uint32_t dropout_bits(uint32_t key, uint32_t column) {
  uint32_t x = (column * 0x9E3779B9u) ^ key;
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ (x >> 16);
}

[[gnu::always_inline]] constexpr bool is_kept(uint32_t key, uint32_t column, uint32_t threshold) {
  return dropout_bits(key, column) >= threshold;
}

}  // namespace retort::kernel
