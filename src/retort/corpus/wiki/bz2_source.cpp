#include "retort/corpus/wiki/bz2_source.h"

#include <algorithm>
#include <bit>

#include "retort/base/error.h"
#include "retort/base/thread.h"

namespace retort::corpus {
namespace {

constexpr uint64_t kChecksumBits = 32;
constexpr size_t kMostBlockBytes = 2 << 20;  // no compressed block is longer: the encoder splits at 900 kB of input
constexpr size_t kMostMerged = 4;            // marks that are in one block by coincidence

}  // namespace

bool is_bz2_header(std::string_view bytes) {
  return bytes.size() >= 4 && bytes.starts_with("BZh") && bytes[3] >= '1' && bytes[3] <= '9';
}

void Bz2Source::throw_damaged(uint64_t bit, const char* problem) const {
  throw UserError("`{}` must be a whole bz2 file, but {} at byte {}; download it again (what lies before is kept)",
                  subject_, problem, buffer_offset_ + bit / 8);
}

void Bz2Source::read_more() {
  std::string piece;
  is_at_end_ = !compressed_->read(piece);
  buffer_ += piece;
  if (buffer_.size() * 8 < kBz2MarkBits) return;
  const std::vector<Bz2Mark> found = find_bz2_marks(buffer_, searched_bit_);
  marks_.insert(marks_.end(), found.begin(), found.end());
  searched_bit_ = buffer_.size() * 8 - kBz2MarkBits + 1;
}

// Removes the bytes before this bit, which is the first of marks_, from the buffer.
void Bz2Source::drop_decoded(uint64_t bit) {
  const uint64_t byte_count = bit / 8;
  buffer_.erase(0, byte_count);
  buffer_offset_ += byte_count;
  searched_bit_ -= std::min(searched_bit_, byte_count * 8);
  for (Bz2Mark& mark : marks_) mark.bit -= byte_count * 8;
}

void Bz2Source::end_stream(const Bz2Mark& mark) {
  if (read_bits_32(buffer_, mark.bit + kBz2MarkBits) != stream_checksum_)
    throw_damaged(mark.bit, "has a wrong checksum");
  stream_checksum_ = 0;
  is_in_stream_ = false;
}

// Decodes the blocks whose end is known; false when no block has one.
bool Bz2Source::decode_next(std::string& bytes) {
  // A mark at the very end of the buffer may lack its checksum.
  size_t known = marks_.size();
  while (known > 0 && marks_[known - 1].bit + kBz2MarkBits + kChecksumBits > buffer_.size() * 8) --known;
  if (known == 0) return false;
  const size_t block_count = known - 1;
  std::vector<std::optional<std::string>> decoded(block_count);
  parallel_for(static_cast<int64_t>(block_count), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (!marks_[i].ends_stream) decoded[i] = maybe_decode_bz2_block(buffer_, marks_[i].bit, marks_[i + 1].bit);
    }
  });
  size_t at = 0;
  while (at < block_count) {
    if (marks_[at].ends_stream) {
      end_stream(marks_[at++]);
      continue;
    }
    const Bz2Mark mark = marks_[at];
    size_t next = at + 1;
    // A mark inside a block is a coincidence: the block ends at a later one.
    std::optional<std::string> block = std::move(decoded[at]);
    while (!block && next < block_count && next - at < kMostMerged)
      block = maybe_decode_bz2_block(buffer_, mark.bit, marks_[++next].bit);
    if (!block) {
      if (!is_at_end_ && next == block_count && next - at < kMostMerged) break;  // it may end after what is read
      damage_ = fmt::format("has a damaged block at byte {}", buffer_offset_ + mark.bit / 8);
      break;
    }
    is_in_stream_ = true;
    places_.push_back({.byte = decoded_bytes_,
                       .file_byte = static_cast<int64_t>(buffer_offset_ + mark.bit / 8),
                       .bit = static_cast<int>(mark.bit % 8),
                       .stream_checksum = stream_checksum_});
    decoded_bytes_ += std::ssize(*block);
    stream_checksum_ = std::rotl(stream_checksum_, 1) ^ bz2_block_checksum(buffer_, mark.bit);
    bytes += *block;
    at = next;
  }
  if (at == 0) return false;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(at));
  drop_decoded(marks_.front().bit);
  return true;
}

BytePlace Bz2Source::place_before(int64_t byte) const {
  const auto after = std::ranges::upper_bound(places_, byte, {}, &BytePlace::byte);
  return after == places_.begin() ? BytePlace{} : *std::prev(after);
}

// At the end of the file only the mark that ends the last stream is left.
void Bz2Source::finish() {
  if (marks_.size() == 1 && marks_[0].ends_stream &&
      marks_[0].bit + kBz2MarkBits + kChecksumBits <= buffer_.size() * 8) {
    end_stream(marks_[0]);
    marks_.clear();
  }
  if (is_in_stream_ || !marks_.empty()) throw_damaged(buffer_.size() * 8, "ends in the middle of a block");
}

bool Bz2Source::read(std::string& bytes) {
  bytes.clear();
  for (;;) {
    if (!damage_.empty())
      throw UserError("`{}` must be a whole bz2 file, but {}; download it again (what lies before is kept)", subject_,
                      damage_);
    if (decode_next(bytes) && !bytes.empty()) return true;
    if (!damage_.empty()) continue;
    if (is_at_end_) {
      finish();
      return false;
    }
    if (marks_.size() < 2 && buffer_.size() > 2 * kMostBlockBytes + (8u << 20))
      throw_damaged(marks_.empty() ? 0 : marks_[0].bit, "has no block where one must begin");
    read_more();
  }
}

}  // namespace retort::corpus
