#include "retort/corpus/wiki/bz2_blocks.h"

#include <bzlib.h>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

// From the format: BCD digits of pi for a block, of its root for the end of a stream.
constexpr uint64_t kBlockMark = 0x314159265359, kStreamEndMark = 0x177245385090;
constexpr uint64_t kMarkMask = (uint64_t{1} << kBz2MarkBits) - 1;
constexpr std::string_view kLargestHeader = "BZh9";
constexpr size_t kDecodedBytes = 1 << 20;  // room at first: a block of text decodes to 900 kB

uint64_t byte_at(std::string_view bytes, uint64_t i) { return static_cast<unsigned char>(bytes[i]); }

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void put(uint64_t value, unsigned count) {
    for (unsigned i = count; i > 0; --i) put_bit(static_cast<unsigned>(value >> (i - 1)) & 1u);
  }
  void finish() {
    while (filled_ != 0) put_bit(0);
  }

 private:
  void put_bit(unsigned bit) {
    pending_ = pending_ << 1 | bit;
    if (++filled_ < 8) return;
    out_ += static_cast<char>(pending_);
    pending_ = filled_ = 0;
  }
  std::string& out_;
  unsigned pending_ = 0, filled_ = 0;
};

// A stream that holds this block only. The checksum of such a stream is that of the block.
std::string make_stream(std::string_view bytes, uint64_t begin_bit, uint64_t end_bit) {
  std::string stream(kLargestHeader);
  const uint64_t whole_bytes = (end_bit - begin_bit) / 8, first = begin_bit / 8;
  const unsigned shift = begin_bit % 8;
  stream.reserve(whole_bytes + 32);
  for (uint64_t i = 0; i < whole_bytes; ++i) {
    const uint64_t next = shift == 0 ? 0 : byte_at(bytes, first + i + 1);
    stream += static_cast<char>((byte_at(bytes, first + i) << 8 | next) << shift >> 8);
  }
  BitWriter writer(stream);
  for (uint64_t bit = begin_bit + whole_bytes * 8; bit < end_bit; ++bit)
    writer.put(byte_at(bytes, bit / 8) >> (7 - bit % 8) & 1, 1);
  writer.put(kStreamEndMark, kBz2MarkBits);
  writer.put(bz2_block_checksum(bytes, begin_bit), 32);
  writer.finish();
  return stream;
}

struct Decoder {
  bz_stream stream = {};
  Decoder() { RETORT_CHECK(BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK, "libbz2 gives no decoder"); }
  ~Decoder() { BZ2_bzDecompressEnd(&stream); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

}  // namespace

std::vector<Bz2Mark> find_bz2_marks(std::string_view bytes, uint64_t begin_bit) {
  std::vector<Bz2Mark> marks;
  uint64_t window = 0;  // the last eight bytes
  uint64_t i = begin_bit / 8;
  for (const uint64_t first = i; i < bytes.size(); ++i) {
    window = window << 8 | byte_at(bytes, i);
    const uint64_t bits_read = (i - first + 1) * 8;
    for (unsigned left = 8; left-- > 0;) {  // bits of this byte after the mark
      const uint64_t mark = window >> left & kMarkMask;
      if (mark != kBlockMark && mark != kStreamEndMark) continue;
      if (bits_read < kBz2MarkBits + left) continue;
      const uint64_t bit = (i + 1) * 8 - left - kBz2MarkBits;
      if (bit >= begin_bit) marks.push_back({bit, mark == kStreamEndMark});
    }
  }
  return marks;
}

uint32_t read_bits_32(std::string_view bytes, uint64_t bit) {
  uint64_t value = 0;
  for (uint64_t i = bit / 8; i <= bit / 8 + 4; ++i) value = value << 8 | (i < bytes.size() ? byte_at(bytes, i) : 0);
  return static_cast<uint32_t>(value >> (8 - bit % 8));
}

uint32_t bz2_block_checksum(std::string_view bytes, uint64_t begin_bit) {
  return read_bits_32(bytes, begin_bit + kBz2MarkBits);
}

std::optional<std::string> maybe_decode_bz2_block(std::string_view bytes, uint64_t begin_bit, uint64_t end_bit) {
  if (end_bit < begin_bit + kBz2MarkBits + 32) return std::nullopt;
  std::string stream = make_stream(bytes, begin_bit, end_bit), decoded(kDecodedBytes, '\0');
  Decoder decoder;
  decoder.stream.next_in = stream.data();
  decoder.stream.avail_in = static_cast<unsigned>(stream.size());
  size_t decoded_bytes = 0;
  for (;;) {
    if (decoded_bytes == decoded.size()) decoded.resize(decoded.size() * 2);
    decoder.stream.next_out = decoded.data() + decoded_bytes;
    decoder.stream.avail_out = static_cast<unsigned>(decoded.size() - decoded_bytes);
    const int status = BZ2_bzDecompress(&decoder.stream);
    decoded_bytes = decoded.size() - decoder.stream.avail_out;
    if (status == BZ_STREAM_END) break;
    if (status != BZ_OK || (decoder.stream.avail_in == 0 && decoder.stream.avail_out > 0)) return std::nullopt;
  }
  decoded.resize(decoded_bytes);
  return decoded;
}

}  // namespace retort::corpus
