// bz2 of libbz2's own encoder, in one stream and in several, whole and damaged.
#include "retort/corpus/wiki/bz2_source.h"

#include <bzlib.h>
#include <gtest/gtest.h>

#include <sstream>

#include "retort/base/error.h"
#include "retort/base/thread.h"

namespace retort::corpus {
namespace {

std::string compress(std::string text, int hundred_kilobytes = 1) {
  std::string compressed(text.size() + text.size() / 50 + 700, '\0');
  auto byte_count = static_cast<unsigned>(compressed.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(compressed.data(), &byte_count, text.data(), static_cast<unsigned>(text.size()),
                                     hundred_kilobytes, 0, 0),
            BZ_OK);
  compressed.resize(byte_count);
  return compressed;
}

// Words of a small alphabet: compresses about as text does.
std::string make_text(size_t byte_count) {
  std::string text;
  uint64_t state = 1;
  while (text.size() < byte_count) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += static_cast<char>((state >> 60) == 0 ? ' ' : 'a' + (state >> 40) % 20);
  }
  return text;
}

struct Decompressed {
  std::string text, error;
};

Decompressed decompress(const std::string& compressed, size_t piece_bytes = 30000) {
  std::istringstream in(compressed);
  Decompressed result;
  try {
    const auto source = open_dump(in, "dump.bz2", piece_bytes);
    for (std::string piece; source->read(piece);) result.text += piece;
  } catch (const UserError& error) {
    result.error = error.what();
  }
  return result;
}

TEST(Bz2Source, GivesTheBytesOfOneStream) {
  const std::string text = make_text(1000000), compressed = compress(text);
  for (const size_t piece_bytes : {7777, 30000, 4 << 20}) {
    const Decompressed result = decompress(compressed, piece_bytes);
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.text, text) << piece_bytes;
  }
}

TEST(Bz2Source, GivesTheBytesOfSeveralStreams) {
  const std::string a = make_text(250000), b = "short", c(3000000, 'x');
  const std::string compressed = compress(a) + compress(b) + compress("") + compress(c, 9);
  const Decompressed result = decompress(compressed);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.text, a + b + c);
}

TEST(Bz2Source, GivesTheSameBytesForEveryNumberOfThreads) {
  const std::string text = make_text(700000), compressed = compress(text);
  const int threads = thread_count();
  set_thread_count(1);
  EXPECT_EQ(decompress(compressed).text, text);
  set_thread_count(4);
  EXPECT_EQ(decompress(compressed).text, text);
  set_thread_count(threads);
}

TEST(Bz2Source, GivesWhatIsWholeOfACutFileAndNamesTheByte) {
  const std::string text = make_text(500000), compressed = compress(text);
  const Decompressed result = decompress(compressed.substr(0, compressed.size() * 3 / 4));
  EXPECT_NE(result.error.find("`dump.bz2` must be a whole bz2 file, but ends in the middle of a block at byte " +
                              std::to_string(compressed.size() * 3 / 4)),
            std::string::npos)
      << result.error;
  EXPECT_GT(result.text.size(), 200000u);
  EXPECT_EQ(result.text, text.substr(0, result.text.size()));
}

TEST(Bz2Source, NamesADamagedBlockAndGivesThoseBefore) {
  const std::string text = make_text(500000);
  std::string compressed = compress(text);
  compressed[compressed.size() / 2] = static_cast<char>(compressed[compressed.size() / 2] ^ 0x10);
  const Decompressed result = decompress(compressed);
  EXPECT_NE(result.error.find("has a damaged block at byte "), std::string::npos) << result.error;
  EXPECT_GE(result.text.size(), 100000u);
  EXPECT_EQ(result.text, text.substr(0, result.text.size()));
}

TEST(Bz2Source, ChecksTheChecksumOfAStream) {
  std::string compressed = compress(make_text(1000));
  compressed[compressed.size() - 3] = static_cast<char>(compressed[compressed.size() - 3] ^ 0x40);
  EXPECT_NE(decompress(compressed).error.find("has a wrong checksum at byte "), std::string::npos);
}

TEST(Bz2Source, BeginsAgainAtAnyBlock) {
  const std::string a = make_text(500000), b = make_text(350000), text = a + b;
  const std::string compressed = compress(a) + compress(b);
  std::istringstream in(compressed);
  Bz2Source source(std::make_unique<StreamSource>(in, "dump.bz2", 30000), "dump.bz2");
  for (std::string piece; source.read(piece);) {
  }
  for (const int64_t byte :
       {int64_t{0}, int64_t{99999}, int64_t{250000}, int64_t{499999}, int64_t{500000}, int64_t{849999}}) {
    const BytePlace place = source.place_before(byte);
    EXPECT_LE(place.byte, byte);
    EXPECT_GT(place.byte, byte - 100000) << "a block";
    std::istringstream again(compressed);
    again.seekg(place.file_byte);
    Bz2Source from_place(std::make_unique<StreamSource>(again, "dump.bz2", 30000, place.file_byte), "dump.bz2", place);
    std::string rest;
    for (std::string piece; from_place.read(piece);) rest += piece;
    EXPECT_TRUE(rest == text.substr(static_cast<size_t>(place.byte))) << byte;
    EXPECT_EQ(from_place.place_before(byte).file_byte, place.file_byte);
  }
}

TEST(Bz2Blocks, AreFoundAtAnyBit) {
  std::string bytes(40, '\0');
  constexpr uint64_t kMark = 0x314159265359;
  for (unsigned bit = 0; bit < 16; ++bit) {
    std::string shifted = bytes;
    for (unsigned i = 0; i < 48; ++i)
      if (kMark >> (47 - i) & 1) shifted[(bit + i) / 8] |= static_cast<char>(0x80 >> (bit + i) % 8);
    const std::vector<Bz2Mark> marks = find_bz2_marks(shifted, 0);
    ASSERT_EQ(marks.size(), 1u) << bit;
    EXPECT_EQ(marks[0].bit, bit);
    EXPECT_FALSE(marks[0].ends_stream);
    EXPECT_TRUE(find_bz2_marks(shifted, bit + 1).empty());
  }
}

TEST(OpenDump, NamesOtherCompressions) {
  EXPECT_NE(decompress("\x1F\x8B\x08").error.find("must be XML or bz2, but is gzip; pass it through `gzip -dc`"),
            std::string::npos);
  EXPECT_NE(decompress("").error.find("is empty"), std::string::npos);
}

}  // namespace
}  // namespace retort::corpus
