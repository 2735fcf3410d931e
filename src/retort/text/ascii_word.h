// Words of ASCII letters and digits, the most common kind. They are found and lower-cased eight bytes at a time in a
// general-purpose register, on every processor. The first byte is the lowest.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace retort::text {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t repeat_byte(uint8_t byte) { return 0x0101010101010101u * byte; }

// Eight bytes of the text from `at` < text.size() on, zeros after its end.
inline uint64_t load_bytes(std::string_view text, size_t at) {
  uint64_t bytes = 0;
  if (at + 8 <= text.size()) {
    std::memcpy(&bytes, text.data() + at, 8);
  } else if (text.size() >= 8) {
    std::memcpy(&bytes, text.data() + text.size() - 8, 8);
    bytes >>= 8 * (at + 8 - text.size());
  } else {
    for (size_t i = text.size(); i-- > at;) bytes = bytes << 8 | static_cast<uint8_t>(text[i]);
  }
  return bytes;
}

// The leading ASCII letters and digits of eight bytes, then zeros. Letters are lower-cased when `lowercase` holds 0x20
// in every byte, and unchanged when it is 0.
struct AlphanumericBytes {
  uint64_t bytes;
  int count;
};
inline AlphanumericBytes take_alphanumeric(uint64_t bytes, uint64_t lowercase) {
  // Adding 0x80 - c to a byte below 0x80 sets its highest bit when the byte is at least c, and never carries.
  constexpr uint64_t kHighest = repeat_byte(0x80);
  const auto at_least = [](uint64_t values, uint8_t c) { return values + repeat_byte(static_cast<uint8_t>(0x80 - c)); };
  const uint64_t ascii = bytes & ~kHighest, lowered = ascii | repeat_byte(0x20);
  const uint64_t letters = at_least(lowered, 'a') & ~at_least(lowered, 'z' + 1);
  const uint64_t digits = at_least(ascii, '0') & ~at_least(ascii, '9' + 1);
  const uint64_t others = ~((letters | digits) & ~bytes) & kHighest;
  const int count = std::countr_zero(others) / 8;  // 8 when there are no others
  // Isolates the highest bit of the first other byte; all bytes below it are kept.
  const uint64_t kept = ((others & -others) >> 7) - 1;
  return {(bytes | ((letters & kHighest) >> 2 & lowercase)) & kept, count};
}

}  // namespace retort::text
