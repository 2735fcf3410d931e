// CRC-32, eight bytes per step: eight tables, one per byte position ("slicing by 8",
// Kounavis and Berry, 2005).
#include "retort/checkpoint/zip_checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace retort::checkpoint {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1u) != 0 ? 0xEDB88320u : 0u);
    tables[0][byte] = remainder;
  }
  for (size_t i = 1; i < tables.size(); ++i) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[i - 1][byte];
      tables[i][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t compute_crc32(std::span<const std::byte> bytes) {
  uint32_t checksum = ~0u;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    word ^= checksum;
    checksum = 0;
    for (size_t i = 0; i < 8; ++i) checksum ^= kTables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (const std::byte byte : bytes) {
    checksum = (checksum >> 8) ^ kTables[0][(checksum ^ static_cast<uint32_t>(byte)) & 0xFF];
  }
  return ~checksum;
}

}  // namespace retort::checkpoint
