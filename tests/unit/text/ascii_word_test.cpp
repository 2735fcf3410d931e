// Eight bytes at a time against isalnum and tolower of the C library, byte by byte.
#include "retort/text/ascii_word.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

namespace retort::text {
namespace {

constexpr uint64_t kLowercase = repeat_byte(0x20);

// What take_alphanumeric should give, from the C locale's view of each byte.
std::string plain_start(std::string_view bytes, bool lowercase) {
  std::string start;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || !std::isalnum(byte)) break;
    start += lowercase ? static_cast<char>(std::tolower(byte)) : c;
  }
  return start;
}

void expect_plain(const std::string& bytes) {
  for (const bool lowercase : {false, true}) {
    const std::string expected = plain_start(bytes, lowercase);
    const AlphanumericBytes got = take_alphanumeric(load_bytes(bytes, 0), lowercase ? kLowercase : 0);
    std::string padded = expected;
    padded.resize(8);
    EXPECT_EQ(got.count, static_cast<int>(expected.size())) << bytes;
    EXPECT_EQ(got.bytes, load_bytes(padded, 0)) << bytes;
  }
}

TEST(PlainWord, EndsAtEveryByteThatIsNoLetterOrDigit) {
  for (size_t place = 0; place < 8; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes = "aZ09zAb7";
      bytes[place] = static_cast<char>(byte);
      expect_plain(bytes);
      bytes[7 - place] = static_cast<char>(255 - byte);  // a second one after or before it
      expect_plain(bytes);
    }
  }
}

TEST(PlainWord, ReadsZerosBehindTheText) {
  const std::string text = "abcdefghijkl";
  for (size_t byte_count = 1; byte_count <= text.size(); ++byte_count) {
    // In memory of its own length, so that a sanitizer sees a byte read too many.
    const std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte_count));
    for (size_t at = 0; at < byte_count; ++at) {
      uint64_t expected = 0;
      for (size_t i = 0; i < 8 && at + i < byte_count; ++i) expected |= static_cast<uint64_t>(text[at + i]) << (8 * i);
      EXPECT_EQ(load_bytes({exact.data(), byte_count}, at), expected) << byte_count << " bytes from " << at;
    }
  }
}

}  // namespace
}  // namespace retort::text
