// Every Unicode code point, alone, inside a word and among combining marks, in seven configurations: checksums per
// block of 256 code points, made with the `tokenizers` library.
#include <array>

#include "retort/text/unicode.h"
#include "text_testing.h"

namespace retort::text {
namespace {

// CRC-32 of zlib (polynomial 0xEDB88320), fed with little-endian numbers.
class Crc32 {
 public:
  void add(int32_t number) {
    static const std::array<uint32_t, 256> table = make_table();
    for (int i = 0; i < 4; ++i) value_ = value_ >> 8 ^ table[(value_ ^ static_cast<uint32_t>(number) >> 8 * i) & 0xFF];
  }
  uint32_t value() const { return ~value_; }

 private:
  static std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
      table[byte] = byte;
      for (int bit = 0; bit < 8; ++bit) table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0xEDB88320u : 0u);
    }
    return table;
  }
  uint32_t value_ = ~0u;
};

std::string utf8(char32_t code_point) {
  char bytes[4];
  return {bytes, static_cast<size_t>(encode_utf8(code_point, bytes))};
}

void add_code_point(const Tokenizer& tokenizer, char32_t code_point, Crc32& checksum) {
  const std::string c = utf8(code_point);
  for (const std::string& text : {c, "ab" + c + "cd", "A\u0301" + c + "\u302ee\u0323" + c}) {
    const FlatEncoding flat = encode_flat(tokenizer, text);
    checksum.add(static_cast<int32_t>(flat.ids.size()));
    for (const int32_t id : flat.ids) checksum.add(id);
    for (const int32_t offset : flat.offsets) checksum.add(offset);
  }
}

class CodePoints : public testing::TestWithParam<const char*> {};

TEST_P(CodePoints, EqualTheLibrary) {
  const Tokenizer tokenizer = fixture_tokenizer(GetParam());
  const Json runs = read_json_file(fixture("code_points.json"))[GetParam()];
  char32_t next = 0;
  for (const Json& run : runs) {
    for (int block = 0; block < run[1].get<int>(); ++block) {
      Crc32 checksum;
      const char32_t first = next;
      for (; next < first + 256; ++next) {
        if (next < 0xD800 || next > 0xDFFF) add_code_point(tokenizer, next, checksum);
      }
      EXPECT_EQ(checksum.value(), run[2].get<uint32_t>())
          << fmt::format("block U+{:04X}", static_cast<uint32_t>(first));
    }
  }
  EXPECT_EQ(static_cast<uint32_t>(next), 0x110000u);
}

INSTANTIATE_TEST_SUITE_P(Configurations, CodePoints,
                         testing::Values("uncased", "uncased_accents", "uncased_no_chinese", "cased", "cased_stripped",
                                         "raw", "raw_stripped"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace retort::text
