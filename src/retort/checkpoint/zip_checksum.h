// The checksum of ZIP entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace retort::checkpoint {

// CRC-32 of ZIP (polynomial 0xEDB88320, reflected).
uint32_t compute_crc32(std::span<const std::byte> bytes);

}  // namespace retort::checkpoint
