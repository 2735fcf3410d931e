// Hashes against published test vectors of XXH3 and against one-shot calls of the reference library.
#include "retort/base/hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

namespace retort {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Hash, EqualsPublishedVectors) {
  EXPECT_EQ(hash_bytes({}), 0x2d06800538d394c2u);
  EXPECT_EQ(hash_bytes(bytes_of("a")), 0xe6c632b61e964e1fu);
  EXPECT_EQ(hash_bytes(bytes_of("abc")), 0x78af5f94892f3950u);
}

TEST(Hash, ContentHashIsThe128BitHashOfLengthsAndPieces) {
  EXPECT_EQ(ContentHash().hex(), "99aa06d3014798d86001c324468d497f");
  const std::string_view stored("\3\0\0\0\0\0\0\0abc\1\0\0\0\0\0\0\0d", 20);
  const XXH128_hash_t expected = XXH3_128bits(stored.data(), stored.size());
  EXPECT_EQ(ContentHash().add("abc").add("d").hex(), fmt::format("{:016x}{:016x}", expected.high64, expected.low64));
}

TEST(Hash, PieceBordersCount) {
  EXPECT_NE(ContentHash().add("ab").add("c").hex(), ContentHash().add("a").add("bc").hex());
  EXPECT_NE(ContentHash().add("").hex(), ContentHash().hex());
}

TEST(Hash, NumbersDiffer) {
  EXPECT_NE(ContentHash().add_number(1).hex(), ContentHash().add_number(-1).hex());
  EXPECT_EQ(ContentHash().add_number(7).hex(), ContentHash().add_number(7).hex());
}

TEST(Hash, HexMayBeReadBetweenPieces) {
  ContentHash hash;
  const std::string empty = hash.hex();
  EXPECT_EQ(hash.hex(), empty);
  hash.add("x");
  EXPECT_NE(hash.hex(), empty);
  EXPECT_EQ(hash.hex().size(), 32u);
}

}  // namespace
}  // namespace retort
