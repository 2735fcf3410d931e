// The blocks of bz2 data. A block begins with 48 bits of its own at any bit, so blocks can be found without decoding
// the blocks before them and be decoded in parallel, in files of one stream as in those of many (bzip2recover and
// lbzip2 find them so).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

constexpr uint64_t kBz2MarkBits = 48;

// The position of the 48 bits that begin a block, or that end a stream and precede its checksum. The same bits also
// occur inside a block by coincidence, about once in 30 terabytes.
struct Bz2Mark {
  uint64_t bit = 0;
  bool ends_stream = false;
};

// The marks that begin in bits `begin_bit` to 8 * bytes.size() - 48, in order.
std::vector<Bz2Mark> find_bz2_marks(std::string_view bytes, uint64_t begin_bit);

// 32 bits from `bit` on, the first one highest. bit + 32 <= 8 * bytes.size().
uint32_t read_bits_32(std::string_view bytes, uint64_t bit);

// What the block in bits begin..end decodes to; nothing when the bits are not one whole block with its checksum.
std::optional<std::string> maybe_decode_bz2_block(std::string_view bytes, uint64_t begin_bit, uint64_t end_bit);

// The checksum of a block, which follows its mark.
uint32_t bz2_block_checksum(std::string_view bytes, uint64_t begin_bit);

}  // namespace retort::corpus
